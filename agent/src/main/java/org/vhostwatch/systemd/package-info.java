/**
 * What systemd is told of the daemon (sd_notify(3)): that it is ready, how the host is in one
 * sentence, that its loop goes round, that it stops. {@link org.vhostwatch.systemd.ServiceManager}
 * is the class to use; without systemd it does nothing.
 */
@NullMarked
package org.vhostwatch.systemd;

import org.jspecify.annotations.NullMarked;

/**
 * What the operator can set. {@link org.vhostwatch.config.Keys} describes every key, once; options,
 * file, environment, manual page, {@code vhostwatch check} and the default file follow from it.
 * {@link org.vhostwatch.config.Configuration} says what is in force, and where it comes from.
 */
@NullMarked
package org.vhostwatch.config;

import org.jspecify.annotations.NullMarked;

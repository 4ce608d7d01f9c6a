package org.vhostwatch.mitigate;

/**
 * One feature of a tap that is, would be or was changed.
 *
 * @param feature the kernel's name for it
 * @param from whether it was requested before
 * @param to whether it is to be requested
 * @param done whether it was read back as wanted
 */
public record Change(String feature, boolean from, boolean to, boolean done) {}

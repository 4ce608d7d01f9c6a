package org.vhostwatch.snapshot;

import org.vhostwatch.detect.QueueVerdict;

/**
 * One RX queue.
 *
 * @param vm name of the VM, else of the process; hostile text, unescaped
 * @param tap name of the tap, empty if not known; hostile text, unescaped
 * @param queue index of the queue pair
 * @param verdict what is said of it and why
 * @param sinceWallMillis when the present spin or stall began, milliseconds since 1970; 0 if none
 */
public record QueueStatus(
    String vm, String tap, int queue, QueueVerdict verdict, long sinceWallMillis) {}

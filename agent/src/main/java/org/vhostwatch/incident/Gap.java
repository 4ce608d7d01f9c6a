package org.vhostwatch.incident;

/**
 * A time in which no agent watched; milliseconds since 1970.
 *
 * @param from when the queue was last seen by the agent before
 * @param to when it was first seen by the next
 */
public record Gap(long from, long to) {}

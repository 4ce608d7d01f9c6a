package org.vhostwatch.log;

/**
 * Which queue an event is about.
 *
 * @param vm name of the VM; hostile text, unescaped; empty if not known
 * @param tap the same of the tap
 * @param queue index of the queue pair
 * @param tid the worker, 0 if not known
 * @param vq address in the kernel, which tells it from all others; not written
 */
public record QueueName(String vm, String tap, int queue, int tid, long vq) {}

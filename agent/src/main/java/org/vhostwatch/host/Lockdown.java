package org.vhostwatch.host;

/**
 * How far the kernel is locked down; kernel_lockdown(7). Integrity lets BPF read kernel memory,
 * confidentiality does not.
 */
public enum Lockdown {
  NONE,
  INTEGRITY,
  CONFIDENTIALITY,
  /** securityfs is not mounted or may not be read. */
  UNKNOWN
}

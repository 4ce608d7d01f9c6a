package org.vhostwatch.host;

/** Whether a module's code is in the kernel. */
public enum ModuleState {
  LOADED,
  BUILT_IN,
  /** Not there, or not yet, or on its way out. */
  ABSENT
}

package org.vhostwatch.probe;

/**
 * How one thing is measured on this kernel.
 *
 * @param what the thing, as {@code get_rx_ret}
 * @param how the probe, or how it is derived, or why it cannot be had
 * @param quality whether it is measured, derived, or not to be had
 */
public record Measurement(String what, String how, Quality quality) {

  /** How good a measurement is. */
  public enum Quality {
    MEASURED,
    DERIVED,
    NONE
  }

  static Measurement measured(String what, String how) {
    return new Measurement(what, how, Quality.MEASURED);
  }

  static Measurement derived(String what, String how) {
    return new Measurement(what, how, Quality.DERIVED);
  }

  static Measurement none(String what, String why) {
    return new Measurement(what, why, Quality.NONE);
  }
}

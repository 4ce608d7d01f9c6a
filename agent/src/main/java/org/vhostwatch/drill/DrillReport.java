package org.vhostwatch.drill;

import org.vhostwatch.drill.Judge.Judgement;

/**
 * What came of a drill.
 *
 * @param kernel release of the running kernel, as uname -r
 * @param options what was asked for
 * @param tap name of the tap, which is gone by now
 * @param interfaceIndex its index, 1 or more
 * @param measurement what was seen
 * @param traffic frames and packets
 * @param result what that means
 * @param sentence the same for people, with the numbers
 */
public record DrillReport(
    String kernel,
    DrillOptions options,
    String tap,
    int interfaceIndex,
    Measurement measurement,
    Counts traffic,
    DrillResult result,
    String sentence) {

  /**
   * Frames and packets of a whole drill.
   *
   * @param sent frames that the tap's queue took
   * @param refused sends for which it had no room
   * @param received packets that reached the guest
   */
  public record Counts(long sent, long refused, long received) {}

  static DrillReport of(
      DrillOptions options,
      String tap,
      int interfaceIndex,
      Measurement measurement,
      Counts traffic) {
    Judgement judgement = Judge.judge(options, measurement);
    return new DrillReport(
        System.getProperty("os.version", "unknown"),
        options,
        tap,
        interfaceIndex,
        measurement,
        traffic,
        judgement.result(),
        judgement.sentence());
  }

  /**
   * Returns the exit code, as monitoring plugins expect: 0 nothing wrong, 1 a stall was seen where
   * one was asked for, 2 this kernel spins, 3 not known.
   */
  public int exitCode() {
    return switch (result) {
      case SPUN -> 2;
      case SLEPT -> options.behaviour() == Behaviour.STARVED ? 1 : 0;
      case PROGRESSED -> 0;
      case INCONCLUSIVE -> 3;
    };
  }
}

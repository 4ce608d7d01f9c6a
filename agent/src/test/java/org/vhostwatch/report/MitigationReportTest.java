package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.mitigate.Change;
import org.vhostwatch.mitigate.TapResult;
import org.vhostwatch.mitigate.TapResult.Outcome;
import org.vhostwatch.report.MitigationReport.Mode;

class MitigationReportTest {
  private static final KernelExposure AFFECTED =
      kernel(Exposure.AFFECTED, "6.18.15 is before 6.18.40");

  static MitigationReport full() {
    return report(
        Mode.APPLY,
        AFFECTED,
        false,
        tap(
            "vnet0",
            Outcome.FAILED,
            List.of(
                new Change("tx-scatter-gather", true, false, true),
                new Change("tx-tcp-segmentation", true, false, false)),
            "the kernel did not turn off tx-tcp-segmentation",
            List.of("its MTU is 9000")));
  }

  private static KernelExposure kernel(Exposure status, String reason) {
    return new KernelExposure(status, reason, "", List.of());
  }

  private static TapResult tap(
      String name, Outcome outcome, List<Change> changes, String message, List<String> notes) {
    return new TapResult(name, 12, 4026531840L, "web01", outcome, changes, message, notes);
  }

  private static MitigationReport report(
      Mode mode, KernelExposure rating, boolean refused, TapResult... taps) {
    return new MitigationReport(
        mode, "6.18.15", rating, refused, 4026531840L, List.of(taps), List.of());
  }

  @Test
  void eachTapAndChangeIsNamedWithWhatBecameOfIt() {
    assertThat(full().text())
        .contains("kernel 6.18.15: affected, 6.18.15 is before 6.18.40")
        .contains("FAILED  tap vnet0 (ifindex 12, netns 4026531840, this one) of VM web01: the")
        .contains("    tx-scatter-gather on -> off\n")
        .contains("    tx-tcp-segmentation on -> off  (not done)\n")
        .contains("    note: its MTU is 9000\n")
        .contains("1 tap, 2 changes: 1 FAILED")
        .contains("`vhostwatch mitigate --undo` takes it back");
    assertThat(full().exitCode()).isEqualTo(1);
  }

  @Test
  void aDryRunSaysThatItIsOne() {
    MitigationReport report =
        report(
            Mode.DRY_RUN,
            AFFECTED,
            false,
            tap(
                "vnet0",
                Outcome.WOULD_CHANGE,
                List.of(new Change("tx-tcp-segmentation", true, false, false)),
                "",
                List.of()));
    assertThat(report.text())
        .contains("    tx-tcp-segmentation on -> off\n")
        .contains("dry run, nothing was changed");
    assertThat(report.exitCode()).isZero();
  }

  @Test
  void aRefusalSaysWhyAndWhatToDo() {
    MitigationReport unknown = report(Mode.APPLY, KernelExposure.NOT_RATED, true);
    assertThat(unknown.exitCode()).isEqualTo(4);
    assertThat(unknown.text()).contains("refused").contains("`vhostwatch drill`");
    MitigationReport fixed = report(Mode.APPLY, kernel(Exposure.FIXED, "7.3.4 has the fix"), true);
    assertThat(fixed.exitCode()).isEqualTo(4);
    assertThat(fixed.text()).contains("kernel 6.18.15: fixed, 7.3.4").contains("--force");
  }

  @Test
  void aTapsNameCannotActOnTheTerminal() {
    MitigationReport report =
        report(
            Mode.UNDO,
            KernelExposure.NOT_RATED,
            false,
            tap("a\u001b[2J\nb", Outcome.GONE, List.of(), "it is gone", List.of()));
    assertThat(report.text()).contains("a\\u{1b}[2J\\u{a}b").doesNotContain("\u001b");
    assertThat(report.exitCode()).isZero();
  }

  @Test
  void aTapThatIsNotKnownIsATrouble() {
    String trouble = "1 queue of VM web01 has no known tap now: run it again when the guest is up";
    MitigationReport report =
        new MitigationReport(
            Mode.APPLY, "6.18.15", AFFECTED, false, 1, List.of(), List.of(trouble));
    assertThat(report.text())
        .contains("trouble: " + trouble + "\nno tap is known\n")
        .doesNotContain("nothing on this host");
    assertThat(report.json()).contains(trouble);
    assertThat(report.exitCode()).isEqualTo(1);
  }

  @Test
  void nothingToUndoIsSaid() {
    assertThat(report(Mode.UNDO, KernelExposure.NOT_RATED, false).text())
        .contains("nothing to undo");
  }
}

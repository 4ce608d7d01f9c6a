package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.mitigate.Change;
import org.vhostwatch.mitigate.TapResult;
import org.vhostwatch.mitigate.TapResult.Outcome;
import org.vhostwatch.mitigate.Target;

class MitigationTurnsTest {
  private static final Target ONE = target(1);
  private static final Target TWO = target(2);
  private static final Target THREE = target(3);
  private static final List<Target> ALL = List.of(ONE, TWO, THREE);

  private final MitigationTurns turns = new MitigationTurns();

  private static Target target(int index) {
    return target(index, true);
  }

  private static Target target(int index, boolean attached) {
    return new Target("vnet" + index, index, 7, 100, "vm", false, "", attached, true, List.of());
  }

  private static TapResult result(Outcome outcome, String message) {
    return new TapResult("vnet", 1, 7, "vm", outcome, List.of(), message, List.of());
  }

  private static TapResult failed() {
    return result(Outcome.FAILED, "the kernel did not answer");
  }

  @Test
  void allHaveTheirTurnInOrderAsManyAsAreAllowed() {
    assertThat(turns.next(ALL, 2)).containsExactly(ONE, TWO);
    assertThat(turns.next(ALL, 0)).isEmpty();
    assertThat(turns.next(ALL, -3)).isEmpty();
  }

  @Test
  void whatCannotBeHelpedHasNone() {
    Target macvtap = new Target("macvtap0", 4, 7, 100, "vm", true, "eno1", true, true, List.of());
    Target unmergeable = new Target("vnet5", 5, 7, 100, "vm", false, "", true, false, List.of());
    assertThat(turns.next(List.of(macvtap, unmergeable, ONE), 9)).containsExactly(ONE);
  }

  /** What its VMM requests for the driver of the firmware is not what it will for the guest's. */
  @Test
  void aTapHasATurnBeforeItsGuestsDriverIsUpAndAnotherThen() {
    Target early = target(1, false);
    assertThat(turns.next(List.of(early, TWO), 9)).containsExactly(TWO, early);
    turns.over(early, result(Outcome.CHANGED, ""));
    turns.present(List.of(early, TWO));
    assertThat(turns.next(List.of(early, TWO), 9)).containsExactly(TWO);
    turns.present(ALL);
    assertThat(turns.next(ALL, 1)).containsExactly(ONE);
    turns.over(ONE, result(Outcome.NOTHING_TO_DO, ""));
    turns.present(ALL);
    assertThat(turns.next(ALL, 1)).containsExactly(TWO);
  }

  @Test
  void aTapThatFailsBeforeItsGuestsDriverIsUpHasAllItsTriesThen() {
    Target early = target(1, false);
    turns.over(early, failed());
    turns.over(early, failed());
    assertThat(turns.over(early, failed())).isTrue();
    assertThat(turns.next(List.of(early), 9)).isEmpty();
    turns.present(ALL);
    assertThat(turns.over(ONE, failed())).isFalse();
  }

  @Test
  void andAnotherWhenTheDriverStartsAnew() {
    turns.over(ONE, result(Outcome.CHANGED, ""));
    turns.over(TWO, failed());
    turns.present(ALL);
    assertThat(turns.next(ALL, 9)).containsExactly(THREE, TWO);
    turns.present(List.of(target(1, false), target(2, false), THREE));
    turns.present(ALL);
    assertThat(turns.next(ALL, 9)).containsExactly(ONE, TWO, THREE);
  }

  @Test
  void aTapThatWasHandledHasNoOther() {
    assertThat(turns.over(ONE, result(Outcome.CHANGED, ""))).isTrue();
    assertThat(turns.over(TWO, result(Outcome.LEFT_ALONE, "an operator took it back"))).isTrue();
    assertThat(turns.next(ALL, 9)).containsExactly(THREE);
  }

  @Test
  void whatFailsLetsTheOthersGoFirst() {
    assertThat(turns.over(ONE, failed())).isFalse();
    assertThat(turns.next(ALL, 2)).containsExactly(TWO, THREE);
    turns.over(TWO, failed());
    turns.over(TWO, failed());
    assertThat(turns.next(ALL, 9)).containsExactly(THREE, ONE, TWO);
  }

  @Test
  void afterThreeFailuresItIsLeft() {
    turns.over(ONE, failed());
    turns.over(ONE, failed());
    assertThat(turns.over(ONE, failed())).isTrue();
    assertThat(turns.next(ALL, 9)).containsExactly(TWO, THREE);
  }

  @Test
  void aTurnThatItDidNotGetIsNoFailure() {
    TapResult untried = result(Outcome.FAILED, "not tried: the kernel does not answer");
    for (int i = 0; i < 10; i++) {
      assertThat(turns.over(ONE, untried)).isFalse();
    }
    TapResult noCall =
        result(
            Outcome.FAILED,
            "vnet3: not tried: earlier calls have not come back; something holds the kernel's"
                + " network lock (rtnl)");
    for (int i = 0; i < 10; i++) {
      assertThat(turns.over(ONE, noCall)).isFalse();
    }
    assertThat(turns.next(ALL, 1)).containsExactly(ONE);
    assertThat(untried.tried()).isFalse();
    assertThat(untried.requested()).isFalse();
  }

  @Test
  void onlyWhatTheKernelWasAskedForCounts() {
    assertThat(failed().requested()).isFalse();
    List<Change> changes = List.of(new Change("tx-tcp-segmentation", true, false, false));
    assertThat(
            new TapResult("vnet", 1, 7, "vm", Outcome.FAILED, changes, "refused", List.of())
                .requested())
        .isTrue();
  }

  @Test
  void aTapThatComesAgainIsAnother() {
    turns.over(ONE, result(Outcome.CHANGED, ""));
    turns.over(TWO, failed());
    turns.present(List.of(THREE));
    turns.present(ALL);
    assertThat(turns.next(ALL, 9)).containsExactly(ONE, TWO, THREE);
  }
}

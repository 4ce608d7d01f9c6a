package org.vhostwatch.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.report.Samples;

class FindingsTest {

  private static final Vmm VMM =
      new Vmm(800, 1, "qemu", "web01", Optional.empty(), Optional.empty());

  @Test
  void withoutACensusAKernelThreadBelongsToTheVmOfItsName() {
    assertThat(owner(new Worker(900, 900, 1, "vhost-800", Worker.Kind.KTHREAD, 'R', 5, 0, 0, 0)))
        .contains(VMM);
    assertThat(owner(new Worker(800, 800, 1, "vhost-900", Worker.Kind.KTHREAD, 'R', 5, 0, 0, 0)))
        .isEmpty();
  }

  @Test
  void withoutACensusAThreadOfTheVmmBelongsToItsProcess() {
    assertThat(owner(new Worker(803, 800, 1, "vhost-802", Worker.Kind.VMM_THREAD, 'R', 5, 0, 0, 0)))
        .contains(VMM);
  }

  @Test
  void withoutVhostNetAWorkerIsOfAnotherDevice() {
    Worker worker = new Worker(803, 800, 1, "vhost-802", Worker.Kind.VMM_THREAD, 'R', 5, 0, 0, 0);
    Findings found =
        Scenes.findings(
            List.of(
                new Scenes.Timed(1, new Event.Workers(List.of(worker), List.of(VMM))),
                new Scenes.Timed(2, new Event.Begin(Event.Source.CENSUS, null)),
                new Scenes.Timed(2, new Event.End(Event.Source.CENSUS, ""))));
    assertThat(found.verdicts()).isEmpty();
    assertThat(found.worst()).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void whatEndsBeforeItLooksTellsNothing() {
    Findings found =
        Scenes.findings(List.of(new Scenes.Timed(1, new Event.Workers(List.of(), List.of()))));
    assertThat(found.troubles()).isEmpty();
    assertThat(found.worst()).isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void censusesAloneTellNoLivelockOfAKernelThatIsKnownToBeFixed() {
    assertThat(Scenes.findings(Scenes.censuses(Exposure.AFFECTED)).worst())
        .isEqualTo(Verdict.LIVELOCKED);
    assertThat(Scenes.findings(Scenes.censuses(Exposure.UNKNOWN)).worst())
        .isEqualTo(Verdict.LIVELOCKED);
    assertThat(Scenes.findings(Scenes.censuses(Exposure.FIXED)).worst()).isEqualTo(Verdict.UNKNOWN);
  }

  private static Optional<Vmm> owner(Worker worker) {
    QueueVerdict verdict = Samples.blind(worker);
    return Samples.findings(List.of(verdict), List.of(worker), VMM).vmm(verdict);
  }
}

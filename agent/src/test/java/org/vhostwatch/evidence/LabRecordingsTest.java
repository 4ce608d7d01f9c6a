package org.vhostwatch.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.Worker;
import org.vhostwatch.report.ExitCode;

/**
 * What `diagnose --record` wrote on real kernels in the lab, through today's detector. A recording
 * is named after its kernel and the guest's behaviour, and is made anew by the lab's scenarios
 * diagnose, stalled, recordings and matrix.
 */
class LabRecordingsTest {

  @ParameterizedTest
  @CsvSource({
    "6.18.15-livelock,  LIVELOCKED, HIGH,   2, VMM_THREAD",
    "6.17.13-livelock,  LIVELOCKED, HIGH,   2, VMM_THREAD",
    "6.17.8-livelock-in-order, LIVELOCKED, HIGH, 2, VMM_THREAD",
    "6.1.0-54-livelock, LIVELOCKED, HIGH,   2, KTHREAD",
    "6.12.107-starved,  STALLED,    HIGH,   1, VMM_THREAD",
    "7.3.4-starved,     STALLED,    HIGH,   1, VMM_THREAD",
    "6.1.0-56-starved,  STALLED,    HIGH,   1, KTHREAD",
    "6.18.15-slow,      SPINNING,   HIGH,   1, VMM_THREAD",
    "6.1.0-54-slow,     SPINNING,   HIGH,   1, KTHREAD",
    "6.18.15-overrun,   ,           ,       0, VMM_THREAD",
    "6.18.15-healthy,   ,           ,       0, VMM_THREAD",
  })
  void aRecordingFromARealKernelIsJudgedAsItWas(
      String name, Verdict verdict, Confidence confidence, int exitCode, Worker.Kind kind)
      throws Exception {
    Path file =
        Path.of(Objects.requireNonNull(getClass().getResource("lab/" + name + ".ndjson")).toURI());
    Diagnosis diagnosis = new Diagnosis(Settings.DEFAULT);
    RecordingReader.read(file, diagnosis::accept);
    Findings findings = diagnosis.findings();

    assertThat(ExitCode.of(findings)).isEqualTo(exitCode);
    assertThat(findings.rejected()).isZero();
    assertThat(findings.verdicts()).isNotEmpty();
    QueueVerdict queue = findings.verdicts().get(0);
    assertThat(findings.verdicts().stream().skip(1))
        .as("the other queues of the same VM")
        .allMatch(other -> other.verdict() == Verdict.HEALTHY);
    if (verdict != null) {
      assertThat(queue.verdict()).isEqualTo(verdict);
      assertThat(queue.confidence()).isEqualTo(confidence);
    } else {
      assertThat(queue.verdict()).isIn(Verdict.HEALTHY, Verdict.BUSY);
    }
    assertThat(Objects.requireNonNull(queue.worker()).kind()).isEqualTo(kind);
    if (exitCode == 2 || verdict == Verdict.STALLED) {
      assertThat(Objects.requireNonNull(queue.queue()).headBytes()).isEqualTo(60_366);
    }
    if (exitCode == 2) {
      assertThat(Objects.requireNonNull(queue.evidence()).peek()).containsOnlyKeys(60_366L);
      assertThat(queue.evidence().recvmsg()).isZero();
    }
  }
}

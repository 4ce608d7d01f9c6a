package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DrillJsonTest {
  @Test
  void reportIsOneObjectOfTheSchema() throws IOException {
    assertThat(DrillJson.write(spun()))
        .isEqualTo(
            "{\"schema\":\"vhostwatch.drill/1\",\"kernel\":\"6.18.15\",\"result\":\"SPUN\","
                + "\"summary\":\"this kernel spins\",\"exit_code\":2,\"interrupted\":false,"
                + "\"options\":{\"behaviour\":\"livelock\",\"seconds\":10,"
                + "\"refill_after_seconds\":10,\"frame_bytes\":60366,\"buffers\":10,"
                + "\"buffer_bytes\":4096,\"buffers_per_frame\":15,\"ring_size\":256,"
                + "\"mrg_rxbuf\":true,\"in_order\":false,\"event_idx\":false},"
                + "\"tap\":\"vwdrill0\",\"ifindex\":7,\"worker_tids\":[123],"
                + "\"onset\":{\"time\":\"2027-01-15T08:00:00Z\",\"monotonic_ns\":5000000000,"
                + "\"used_idx\":1,\"posted_buffers\":10,\"worker_cpu_ms\":0},"
                + "\"refill\":{\"time\":\"2027-01-15T08:00:08Z\",\"monotonic_ns\":13000000000,"
                + "\"used_idx\":1,\"posted_buffers\":10,\"worker_cpu_ms\":7920},"
                + "\"seconds\":8.0,\"worker_cpu_share\":0.99,\"frame_delivered\":true,"
                + "\"recovery_ms\":12,\"frames_sent\":1,\"frames_refused\":0,"
                + "\"packets_received\":1}");
  }

  @Test
  void eachFieldIsInTheDocumentation() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "json.md"));
    String section = page.substring(page.indexOf("\n## drill\n"), page.indexOf("\n## status\n"));
    Matcher field = Pattern.compile("\"(\\w+)\":").matcher(DrillJson.write(spun()));
    while (field.find()) {
      assertThat(section).containsPattern("(?m)^\\| `(\\w+\\.)?" + field.group(1) + "` \\|");
    }
  }

  @Test
  void frameThatNeverCameHasNoRecoveryTime() throws IOException {
    DrillReport report =
        DrillReport.of(
            JudgeTest.options(Behaviour.LIVELOCK, 10, true),
            "vwdrill0",
            7,
            JudgeTest.seen(1, 1, 10, 8, 0, false),
            new DrillReport.Counts(1, 0, 0));
    assertThat(DrillJson.write(report))
        .contains("\"result\":\"INCONCLUSIVE\"", "\"recovery_ms\":null");
  }

  private static DrillReport spun() {
    return new DrillReport(
        "6.18.15",
        JudgeTest.options(Behaviour.LIVELOCK, 10, true),
        "vwdrill0",
        7,
        JudgeTest.seen(1, 1, 10, 8, 0.99, true),
        new DrillReport.Counts(1, 0, 1),
        DrillResult.SPUN,
        "this kernel spins");
  }
}

package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.ProcFs;

/** What a run of bpftrace is given, with a script that says what it got. */
@Timeout(60)
class BpftraceTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String KEYS = "BPFTRACE_MAX_MAP_KEYS";

  private final Path folder;

  BpftraceTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void aWatchHasRoomForAsManyQueuesAsItIsStartedAnewFor() throws Exception {
    Bpftrace bpftrace = fake("0.23.2");
    for (Run run : List.<Run>of(bpftrace::probes, bpftrace::resident)) {
      assertThat(environment(run)).containsEntry(KEYS, String.valueOf(MapKeys.WATCH));
    }
  }

  @Test
  void aCaptureHasRoomForItsWorkers() throws Exception {
    Bpftrace bpftrace = fake("0.27.1");
    int cpus = MapKeys.possibleCpus(new ProcFs(Path.of("/")));
    for (int workers : new int[] {1, 2, 16}) {
      Run run = (script, lines) -> bpftrace.capture(script, workers, lines);
      assertThat(environment(run))
          .containsEntry(KEYS, String.valueOf(MapKeys.ofCapture(workers, cpus)));
    }
  }

  @Test
  void before020TheVariableHadAnotherName() throws Exception {
    assertThat(environment(fake("0.19.1")::probes))
        .containsEntry("BPFTRACE_MAP_KEYS_MAX", String.valueOf(MapKeys.WATCH))
        .doesNotContainKey(KEYS);
    assertThat(environment(fake("0.20.0")::probes))
        .containsKey(KEYS)
        .doesNotContainKey("BPFTRACE_MAP_KEYS_MAX");
  }

  @Test
  void theEnvironmentIsOurs() throws Exception {
    Bpftrace bpftrace = fake("0.23.2");
    Map<String, String> census = environment(bpftrace::census);
    census.remove("TMPDIR");
    assertThat(census)
        .containsOnlyKeys("BPFTRACE_COLOR", "LC_ALL", "MALLOC_TRIM_THRESHOLD_", "PATH");
    Map<String, String> probes = environment(bpftrace::probes);
    assertThat(probes).containsAllEntriesOf(census).hasSizeBetween(5, 6);
  }

  private interface Run {
    Child start(String script, Consumer<String> lines) throws Exception;
  }

  private static Map<String, String> environment(Run run) throws Exception {
    ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();
    try (Child child = run.start("BEGIN {}\n", lines::add)) {
      assertThat(child.await(LIMIT)).isTrue();
    }
    Map<String, String> variables = new TreeMap<>();
    for (String line : lines) {
      int equals = line.indexOf('=');
      variables.put(line.substring(0, equals), line.substring(equals + 1));
    }
    return variables;
  }

  private Bpftrace fake(String version) throws Exception {
    Path program =
        RealBpftrace.fake(
            folder,
            "test \"$1\" = --version && exec echo 'bpftrace v"
                + version
                + "'\n"
                + "tr '\\0' '\\n' </proc/$$/environ");
    return Bpftrace.find(new Spawner(), Optional.of(program), LIMIT);
  }
}

package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The agent itself, in processes of its own on a made-up host, with programs for bpftrace whose
 * first run does what bpftrace might do at its worst. All faults are injected at the same time:
 * most of them are noticed after a minute. How long it took from the start of the bad run to that
 * of the good one is left in target/recovery.tsv.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BrokenStreamsIT {

  private static final Path RECOVERIES = Path.of("target/recovery.tsv").toAbsolutePath();

  /** What is said of a minute of silence or nonsense. */
  private static final String SENSELESS = "nothing that makes sense for 60 s";

  /** With a dozen agents and two floods on two processors; or so many times that of a quiet one. */
  private static final double LAG_SECONDS = 5;

  private static final String QUIET = "exits";
  private static final double LAG_TIMES = 3;

  /** A heap of 64 MiB, and what a JVM is without one. */
  private static final double RESIDENT_MEBIBYTES = 180;

  /**
   * A frame at {@code $t} of the VM's queue and so many others that are gone. Of the VM's: its
   * passes, the last one and the time it spun.
   */
  private static final String MANY =
      """
      many() {
          gone=$(seq -s ', ' -f '"1844660000000%07.0f": 1' "$1")
          say "tick $t"
          for map in "@passes $2" '@episodes 1'; do
              printf '{"type": "map", "data": {"%s": {"18446612682182951104": %s%s}}}\\n' \
                  ${map} "${gone:+, $gone}"
          done
          queue @worker 10000005; queue @start "$began"; queue @seen "$3"; queue @spun "$4"
          queue @num 256; queue @used 100; queue @avail 100; queue @last 100
          say "end $t"
      }
      trap exit TERM
      say ready
      began=$(now) t=$began
      """;

  private static final Map<String, String> FAULTS = new LinkedHashMap<>();

  static {
    FAULTS.put("exits", "say ready; frame; sleep 3; exit 3");
    FAULTS.put("aborts", "say ready; frame; sleep 3; kill -ABRT $$");
    FAULTS.put("hangs at the start", "exec sleep 1000");
    FAULTS.put(
        "comes up slowly", "trap exit TERM; sleep 50; say ready; sleep 20; : >$here/up; calm");
    FAULTS.put("falls silent", "say ready; frame; exec sleep 1000");
    FAULTS.put("ignores TERM", "trap '' TERM; say ready; frame; while :; do sleep 1; done");
    FAULTS.put("stalls in a line", "say ready; frame; printf '{\"type\": \"pri'; exec sleep 1000");
    FAULTS.put("floods", "say ready; frame; exec yes '{\"type\": \"printf\", \"data\": \"x\"}'");
    FAULTS.put(
        "floods with long lines",
        "say ready; frame; while :; do head -c 1000000 /dev/zero | tr '\\0' x; echo;"
            + " head -c 2000000 /dev/zero | tr '\\0' x; echo; done");
    FAULTS.put("floods stderr", "say ready; yes noise >&2 & calm");
    FAULTS.put(
        "damages its lines",
        """
        say ready
        queue @worker 10000005; queue @start "$(now)"
        while :; do
            n=$((n + 100)) t=$(now)
            say "tick $t"
            echo 'WARNING: text between, {of a kind}'
            echo '{"type": "map", "data": {"@passes": {"18446612682182951104": 5'
            echo '{"type": "map", "data": {"@spun": {"18446612682182951104": "many"}}}'
            echo '{"type": "map", "data": {"@passes": {"18446612682182951104": 1, "18446612682182951104": '$n'}}}'
            echo '{"type": "map", "data": {"@episodes": {"18446612682182951104": "0x2"}}}'
            queue @seen "$t"; queue @num 256
            printf '{"type": "map", "data": {"@before'
            sleep 0.2
            echo '": {"18446612682182951104": 0}}}'
            say "end $t"
            sleep 1
        done
        """);
    FAULTS.put(
        "full of the dead",
        MANY
            + """
            for second in 1 2 3 4 5; do t=$(now); many 0 500 "$t" 0; sleep 1; done
            seen=$t
            sleep 4
            : >$here/full
            while t=$(now); do many 3100 500 "$seen" 0; sleep 1; done
            """);
    FAULTS.put(
        "full of the dead while one spins",
        MANY
            + """
            while n=$((n + 1)) t=$(now); do
                [ ! -e "$here/one-more" ] || others=3890
                many "${others:-3889}" "$((n * 1000))" "$t" "$((n * 900000000))"
                sleep 1
            done
            """);
    FAULTS.put(
        "writes a line of 50 MB",
        "say ready; while :; do frame; head -c 50000000 /dev/zero | tr '\\0' x; echo; sleep 1;"
            + " done");
  }

  private final Map<String, FaultyAgent> agents = new LinkedHashMap<>();
  private final Path root;

  BrokenStreamsIT(@TempDir Path folder) throws IOException {
    root = MadeUpHost.write(folder.resolve("host"));
  }

  @BeforeAll
  void start() throws IOException {
    Files.deleteIfExists(RECOVERIES);
    for (Map.Entry<String, String> fault : FAULTS.entrySet()) {
      agents.put(fault.getKey(), FaultyAgent.start(root, fault.getKey(), fault.getValue()));
    }
  }

  @AfterAll
  void stop() throws Exception {
    for (FaultyAgent agent : agents.values()) {
      agent.stop();
    }
  }

  @Test
  void oneThatEndsIsStartedAgainAndItsLastWordsAreSaid() throws Exception {
    for (Map.Entry<String, String> fault :
        Map.of("exits", "exit code 3", "aborts", "exit code 134").entrySet()) {
      FaultyAgent agent = agent(fault.getKey());
      agent.awaitLog("the sentinel ended: " + fault.getValue());
      recovers(fault.getKey(), 1);
    }
  }

  @Test
  void silenceHasALimitAndSoHasNonsense() throws Exception {
    for (String fault :
        List.of(
            "hangs at the start",
            "falls silent",
            "ignores TERM",
            "stalls in a line",
            "floods",
            "floods with long lines")) {
      agent(fault).awaitLog(SENSELESS);
      // What never attached is not started again, but for the first time.
      recovers(fault, fault.equals("hangs at the start") ? 0 : 1);
    }
    assertThat(agent("floods").metric("vhostwatch_lines_dropped_total"))
        .as("what the loop had no room for is dropped, and counted")
        .isPositive();
    assertThat(agent("floods with long lines").metric("vhostwatch_bpftrace_lines_rejected_total"))
        .as("so is what is too long")
        .isPositive();
  }

  @Test
  void oneThatComesUpSlowlyIsNotSilentForThat() throws Exception {
    FaultyAgent agent = agent("comes up slowly");
    await().atMost(Duration.ofMinutes(3)).until(() -> agent.hasLeft("up"));
    assertThat(agent.runs()).hasSize(1);
    isWell(agent);
    assertThat(agent.metric("vhostwatch_bpftrace_restarts_total")).isZero();
  }

  @Test
  void whatCanBeReadBetweenDamagesIsAndTheRestIsCounted() throws Exception {
    FaultyAgent agent = agent("damages its lines");
    eventually(() -> agent.metric("vhostwatch_queue_spin_passes_total") >= 500);
    assertThat(agent.metric("vhostwatch_queue_spin_episodes_total")).as("0x2").isEqualTo(2);
    // Two of each frame.
    double rejected = agent.metric("vhostwatch_bpftrace_lines_rejected_total");
    assertThat(rejected).isGreaterThanOrEqualTo(8);
    isWell(agent);
    assertThat(agent.metric("vhostwatch_bpftrace_restarts_total")).isZero();
  }

  @Test
  void aLineOfFiftyMegabytesIsARejectedOne() throws Exception {
    FaultyAgent agent = agent("writes a line of 50 MB");
    eventually(() -> agent.metric("vhostwatch_bpftrace_lines_rejected_total") >= 3);
    isWell(agent);
    assertThat(agent.metric("vhostwatch_bpftrace_restarts_total")).isZero();
  }

  @Test
  void aFloodOfErrorsChangesNothing() throws Exception {
    FaultyAgent agent = agent("floods stderr");
    eventually(() -> agent.metric("vhostwatch_bpftrace_up") == 1);
    isWell(agent);
    assertThat(agent.metric("vhostwatch_bpftrace_restarts_total")).isZero();
  }

  @Test
  void oneWhoseMapsAreFullOfTheDeadIsStartedAnewAndNothingIsForgotten() throws Exception {
    recovers("full of the dead", 0);
    FaultyAgent agent = agent("full of the dead");
    assertThat(agent.hasLeft("full")).as("not before").isTrue();
    assertThat(agent.metric("vhostwatch_queue_spin_passes_total")).isEqualTo(500);
    assertThat(agent.metric("vhostwatch_spin_episode_seconds_count")).isEqualTo(3101);
    assertThat(agent.runs()).hasSize(2);
  }

  @Test
  void whileOneSpinsItIsNotBeforeThereIsNoRoom() throws Exception {
    FaultyAgent agent = agent("full of the dead while one spins");
    eventually(() -> agent.metric("vhostwatch_queue_spin_passes_total") >= 10_000);
    assertThat(agent.runs()).hasSize(1);
    agent.leave("one-more");
    eventually(() -> agent.runs().size() > 1);
    eventually(() -> agent.metric("vhostwatch_bpftrace_up") == 1);
    assertThat(agent.metric("vhostwatch_bpftrace_restarts_total")).isZero();
    assertThat(agent.metric("vhostwatch_queue_spin_passes_total")).isGreaterThanOrEqualTo(10_000);
  }

  private static void eventually(Callable<Boolean> holds) {
    await().atMost(Duration.ofSeconds(90)).until(holds);
  }

  private FaultyAgent agent(String fault) {
    return Objects.requireNonNull(agents.get(fault));
  }

  /** Waits until the agent sees again: the second run of the program is a good one. */
  private void recovers(String fault, int restarts) throws Exception {
    FaultyAgent agent = agent(fault);
    eventually(() -> agent.runs().size() > 1 && agent.metric("vhostwatch_bpftrace_up") == 1);
    Files.writeString(
        RECOVERIES,
        "%s\t%.1f s%n".formatted(fault, (agent.runs().get(1) - agent.runs().get(0)) / 1e9),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    assertThat(agent.metric("vhostwatch_bpftrace_restarts_total")).as(fault).isEqualTo(restarts);
    isWell(agent);
  }

  private void isWell(FaultyAgent agent) throws IOException {
    assertThat(agent.get("/-/healthy")).contains("healthy");
    assertThat(agent.metric("vhostwatch_bpftrace_up")).as(agent.fault()).isEqualTo(1);
    assertThat(agent.metric("vhostwatch_lag_seconds_max"))
        .as("%s: lag", agent.fault())
        .isLessThan(
            Math.max(LAG_SECONDS, LAG_TIMES * agent(QUIET).metric("vhostwatch_lag_seconds_max")));
    assertThat(agent.highestResidentMebibytes())
        .as("%s: memory", agent.fault())
        .isLessThan(RESIDENT_MEBIBYTES);
  }
}

package org.vhostwatch.probe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a run of bpftrace, well-behaved or not, against real processes. */
@Timeout(120)
class ChildIT {

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Spawner spawner = new Spawner();
  private final ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();
  private final Path folder;

  ChildIT(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void theRealOneSaysReadyTicksAndItsMapsAfterTerm() throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    try (Child child =
        RealBpftrace.find(spawner)
            .probes(
                """
                BEGIN { printf("ready\\n"); @passes[1] = 7; @late[1] = 9; }
                interval:ms:100 { printf("tick %llu\\n", nsecs); print(@passes); printf("end 1\\n"); }
                END { printf("tick %llu\\n", nsecs); }
                """,
                line -> {
                  lines.add(line);
                  if (line.contains("\"end")) {
                    ready.countDown();
                  }
                })) {
      assertThat(ready.await(30, TimeUnit.SECONDS)).as(child.complaint()).isTrue();
      long before = System.nanoTime();
      assertThat(child.stop(Duration.ofSeconds(10))).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
      assertThat(child.exitCode()).isZero();
    }
    assertThat(lines)
        .anySatisfy(
            line -> assertThat(MessageParser.parse(line)).isEqualTo(new Message.Printf("ready")));
    List<Message> messages = lines.stream().map(MessageParser::parse).toList();
    assertThat(messages).noneMatch(Message.Rejected.class::isInstance);
    assertThat(messages.stream().map(ChildIT::name).toList())
        .as("printed only at the exit")
        .contains("@late");
  }

  @Test
  void theRealOnesKeysOfOneMapAreFoundInAnother() throws Exception {
    EvidencePlan plan = new EvidencePlan(Set.of(183), true, false, "p", "d", true, true, true);
    try (Child child =
        RealBpftrace.find(spawner)
            .probes(
                """
                BEGIN {
                  $vq = (uint64)18446612682182951104;
                  @passes[$vq] = 5; @worker[$vq] = (uint64)183; @fetching[tid] = $vq;
                  @first[$vq] = (uint64)1000; @seen[$vq] = (uint64)2000;
                  @desc_ret[@fetching[tid], (int32)-14] = count();
                  @desc_ret[@fetching[tid], (int32)3] = count();
                  @rolled_back[$vq, (int32)8] = count();
                  @peek_ret[183, (int32)60366] = count();
                  @stack[183, kstack(4)] = count();
                  printf("tick %llu\\n", nsecs);
                  exit();
                }
                END { clear(@fetching); }
                """,
                lines::add)) {
      assertThat(child.await(Duration.ofSeconds(30))).isTrue();
      assertThat(child.exitCode()).as(child.complaint()).isZero();
    }
    EvidenceAssembler assembler = new EvidenceAssembler(plan);
    lines.forEach(line -> assembler.accept(MessageParser.parse(line)));
    List<Evidence> all = assembler.finish();
    assertThat(all).hasSize(1);
    Evidence evidence = all.get(0);
    assertThat(evidence.vq()).isEqualTo(Long.parseUnsignedLong("18446612682182951104"));
    assertThat(evidence.descriptors().keySet()).containsExactly(-14L, 3L);
    assertThat(evidence.rolledBack().keySet()).containsExactly(8L);
    assertThat(evidence.peek().keySet()).containsExactly(60366L);
    assertThat(evidence.stacks()).hasSize(1);
  }

  @Test
  void aScriptErrorIsTheComplaint() throws Exception {
    try (Child child = RealBpftrace.find(spawner).probes("BEGIN { magic(; }\n", lines::add)) {
      assertThat(child.await(Duration.ofSeconds(30))).isTrue();
      assertThat(child.exitCode()).isNotZero();
      assertThat(child.complaint()).contains("ERROR: ", "syntax error");
    }
  }

  @Test
  void theLastErrorIsTheComplaint() throws Exception {
    assertThat(complaintOf("echo 'ERROR: first' >&2; echo 'ERROR: last' >&2; echo 'HINT: x' >&2"))
        .isEqualTo("ERROR: last");
  }

  @Test
  void theMemlockMessageIsNotTheComplaint() throws Exception {
    String memlock =
        "echo \"ERROR: Unknown error -1: couldn't set RLIMIT_MEMLOCK for bpftrace.\" >&2";
    assertThat(
            complaintOf(memlock + "; echo 'cannot attach kprobe, probe entry may not exist' >&2"))
        .isEqualTo("cannot attach kprobe, probe entry may not exist");
    assertThat(complaintOf("echo 'ERROR: real' >&2; " + memlock)).isEqualTo("ERROR: real");
    assertThat(
            complaintOf(
                "echo 'perf_event_open failed: Permission denied' >&2;"
                    + " echo 'ERROR: Error attaching probe: interval:s:1' >&2"))
        .contains("kernel.perf_event_paranoid");
    assertThat(complaintOf(memlock + "; exit 3")).contains("exit code 3");
  }

  @Test
  void silenceIsAnExitCode() throws Exception {
    assertThat(complaintOf("exit 7")).isEqualTo("exit code 7");
    assertThat(complaintOf("kill -ABRT $$")).isEqualTo("exit code 134");
    assertThat(complaintOf("printf '\\n\\n' >&2; exit 5")).isEqualTo("exit code 5");
  }

  @Test
  void aProgramThatIsNotThereIsNamed() throws Exception {
    String missing = folder.resolve("none").toString();
    String complaint;
    try (Child child = Child.start(spawner, List.of(missing), "", lines::add)) {
      child.await(Duration.ofSeconds(10));
      complaint = child.complaint();
    } catch (IOException e) {
      complaint = String.valueOf(e.getMessage());
    }
    assertThat(complaint).contains(missing);
  }

  @Test
  void oneThatHangsEndsByTerm() throws Exception {
    try (Child child = start("exec sleep 1000")) {
      long before = System.nanoTime();
      assertThat(child.stop(GRACE)).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(GRACE);
      assertThat(child.exitCode()).isEqualTo(128 + 15);
    }
  }

  @Test
  void oneThatIgnoresTermIsKilledAfterTheGrace() throws Exception {
    try (Child child = start("trap '' TERM; echo up; while :; do sleep 0.1; done")) {
      await().until(() -> lines.contains("up"));
      long before = System.nanoTime();
      assertThat(child.stop(GRACE)).isFalse();
      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isBetween(GRACE, GRACE.plusSeconds(4));
      assertThat(child.alive()).isFalse();
    }
  }

  @Test
  void aGrandchildThatHoldsTheStreamsDoesNotHoldUs() throws Exception {
    try (Child child = start("sleep 20 & exit 0")) {
      long before = System.nanoTime();
      assertThat(child.await(Duration.ofSeconds(10))).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(6));
    }
  }

  @Test
  void aFloodIsDrainedToTheEnd() throws Exception {
    AtomicLong count = new AtomicLong();
    Path program =
        RealBpftrace.fake(
            folder, "yes '{\"type\": \"printf\", \"data\": \"x\"}' | head -c 200000000");
    try (Child child =
        Child.start(spawner, List.of(program.toString()), "", line -> count.addAndGet(1))) {
      assertThat(child.await(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(count.get()).isEqualTo(200_000_000L / 32);
  }

  @Test
  void aFloodOfErrorsKeepsOnlyTheEnd() throws Exception {
    assertThat(complaintOf("yes noise | head -c 48000000 >&2; echo 'ERROR: why' >&2"))
        .isEqualTo("ERROR: why");
  }

  @Test
  void aLineThatIsTooLongIsCutAndWhatFollowsIsNot() throws Exception {
    try (Child child = start("head -c 50000000 /dev/zero; echo; echo after")) {
      assertThat(child.await(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(lines).containsExactly("\0".repeat(256) + " [cut]", "after");
    assertThat(lines.stream().map(MessageParser::parse).filter(Message.Rejected.class::isInstance))
        .as("the cut one can be read by nobody")
        .hasSize(1);
  }

  @Test
  void aLineThatTheEndCutsShortIsStillALine() throws Exception {
    try (Child child = start("printf 'no end'")) {
      assertThat(child.await(Duration.ofSeconds(10))).isTrue();
    }
    assertThat(lines).containsExactly("no end");
  }

  @Test
  void oneThatNeverReadsItsScriptDoesNotBlockTheStart() throws Exception {
    Path program = RealBpftrace.fake(folder, "exec sleep 1000");
    long before = System.nanoTime();
    try (Child child =
        Child.start(spawner, List.of(program.toString()), "/".repeat(250_000), lines::add)) {
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
      assertThat(child.stop(GRACE)).isTrue();
    }
  }

  @Test
  void oneThatClosesItsStdinIsNoError() throws Exception {
    Path program = RealBpftrace.fake(folder, "exec <&-; echo closed; exit 3");
    try (Child child =
        Child.start(spawner, List.of(program.toString()), "/".repeat(250_000), lines::add)) {
      assertThat(child.await(Duration.ofSeconds(10))).isTrue();
      assertThat(child.exitCode()).isEqualTo(3);
    }
    assertThat(lines).containsExactly("closed");
  }

  @Test
  void garbageIsLinesLikeAny() throws Exception {
    try (Child child = start("head -c 2000000 /dev/urandom")) {
      assertThat(child.await(Duration.ofSeconds(30))).isTrue();
    }
    assertThat(lines).hasSizeGreaterThan(1_000);
    lines.forEach(MessageParser::parse);
  }

  @Test
  void theChildOutlivesTheThreadThatAskedForIt() throws Exception {
    AtomicReference<Child> started = new AtomicReference<>();
    Path program = RealBpftrace.fake(folder, "echo up; exec sleep 1000");
    Thread thread =
        new Thread(
            () -> {
              try {
                started.set(Child.start(spawner, List.of(program.toString()), "", lines::add));
              } catch (IOException e) {
                lines.add(String.valueOf(e.getMessage()));
              }
            });
    thread.start();
    thread.join();
    await().until(() -> lines.contains("up"));
    try (Child child = Objects.requireNonNull(started.get())) {
      assertThat(child.await(Duration.ofMillis(500))).as("still alive").isFalse();
      assertThat(child.alive()).isTrue();
    }
  }

  @Test
  void fiftyStartsLeaveNeitherThreadsNorFiles() throws Exception {
    start("exit 0").await(Duration.ofSeconds(10));
    long files = files();
    for (int i = 0; i < 50; i++) {
      try (Child child = start(i % 2 == 0 ? "echo hello; exit 0" : "exec sleep 1000")) {
        if (i % 2 == 0) {
          child.await(Duration.ofSeconds(10));
        } else {
          child.stop(GRACE);
        }
      }
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              assertThat(Thread.getAllStackTraces().keySet())
                  .extracting(Thread::getName)
                  .noneMatch(name -> name.startsWith("bpftrace-"));
              assertThat(files()).isLessThanOrEqualTo(files);
            });
  }

  @Test
  void noBpftraceOutlivesAnAgentThatIsKilled() throws Exception {
    RealBpftrace.find(spawner);
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process agent =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Agent.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(agent.getInputStream(), UTF_8))) {
      String pid = said.readLine();
      assertThat(pid).as("what the agent said").matches("[0-9]+");
      ProcessHandle bpftrace = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
      assertThat(bpftrace.info().command())
          .hasValueSatisfying(c -> assertThat(c).contains("bpftrace"));
      agent.destroyForcibly();
      await()
          .atMost(Duration.ofSeconds(3))
          .untilAsserted(() -> assertThat(running(bpftrace.pid())).isFalse());
    } finally {
      agent.destroyForcibly();
    }
  }

  /** A JVM that runs a silent bpftrace, which no broken pipe would tell of our death. */
  static final class Agent {
    private Agent() {}

    public static void main(String[] args) throws Exception {
      CountDownLatch ready = new CountDownLatch(1);
      Child child =
          RealBpftrace.find(new Spawner())
              .probes(
                  "BEGIN { printf(\"ready\\n\"); } interval:s:1 { @n = count(); }",
                  line -> {
                    if (line.contains("ready")) {
                      ready.countDown();
                    }
                  });
      if (!ready.await(30, TimeUnit.SECONDS)) {
        System.out.println("not ready: " + child.complaint());
        return;
      }
      System.out.println(child.pid());
      child.await(Duration.ofMinutes(10));
    }
  }

  /** A zombie does not run; whoever adopted it may take its time. */
  private static boolean running(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return false;
    }
  }

  private static String name(Message message) {
    return message instanceof Message.MapDump dump ? dump.name() : "";
  }

  private static long files() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  private Child start(String body) throws IOException {
    return Child.start(
        spawner, List.of(RealBpftrace.fake(folder, body).toString()), "", lines::add);
  }

  private String complaintOf(String body) throws Exception {
    try (Child child = start(body)) {
      assertThat(child.await(Duration.ofSeconds(30))).isTrue();
      return child.complaint();
    }
  }
}

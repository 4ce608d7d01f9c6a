package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.Kernels;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;

/** Censuses and captures by a program for bpftrace that hangs once, and cannot be asked to end. */
@Timeout(120)
class ProberTest {

  private static final Duration LEAST = Duration.ofSeconds(3);
  private static final Duration GRACE = Duration.ofSeconds(3);
  private static final Duration CAPTURE = Duration.ofMillis(100);
  private static final Set<Integer> WORKERS = Set.of(10_000_005);

  /** Hangs in its first run, in the way of the file {@code fault}. */
  private static final String PROGRAM =
      """
      #!/bin/sh
      here=${0%/*}
      case $* in *--version*) echo 'bpftrace v0.23.2' && exit ;; esac
      script=$(cat)
      ready() { printf '%s\\n' '{"type": "printf", "data": "ready\\n"}'; }
      if [ ! -e "$here/pid" ]; then
          trap '' TERM
          echo $$ >"$here/pid"
          . "$here/fault"
          exec sleep 1000
      fi
      case $script in *iter:task_file*) exit ;; esac
      trap exit TERM
      ready
      while :; do sleep 0.1; done
      """;

  private final Path folder;
  private final Spawner spawner = new Spawner();
  private final BlockingQueue<Incoming> inbox = new LinkedBlockingQueue<>();
  private final Sight sight = new Sight(Mode.SENTINEL, () -> 0);
  private final Prober prober;
  private final Plan plan;
  private final FakeHost host;

  @SuppressWarnings("NullAway.Init") // set before each test
  private Bpftrace bpftrace;

  ProberTest(@TempDir Path folder) throws Exception {
    this.folder = folder;
    Path root = folder.resolve("root");
    this.host = Kernels.v6_18(root).file("proc/modules", "vhost_net 36864 1 - Live 0x0\n");
    this.plan = Kernels.plan(root, host, Kernels.DEBIAN_13);
    this.prober = new Prober(host.fs(), spawner, inbox::add, () -> new Patience(LEAST), GRACE);
  }

  @BeforeEach
  void find() throws Exception {
    Path program = Files.writeString(folder.resolve("bpftrace"), PROGRAM);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    bpftrace = Bpftrace.find(spawner, Optional.of(program), Duration.ofSeconds(20));
    sight.take(
        new Incoming.Kit(
            new ProbeKit(host.facts(), Optional.of(bpftrace), Optional.of(plan), List.of())),
        List.of());
  }

  @AfterEach
  void stop() {
    prober.close();
  }

  @Test
  void aCensusThatHangsIsEndedAndTheNextOneIsTaken() throws Exception {
    fault("");
    String trouble = "the census did not end within 3 s";
    assertThat(census()).isEqualTo(new Incoming.CensusFailed(trouble));
    isGone();
    assertThat(sight.status().troubles()).contains(trouble);
    assertThat(sight.status().censusFailures()).isEqualTo(1);
    assertThat(census()).isInstanceOf(Incoming.Counted.class);
    assertThat(sight.status().troubles()).doesNotContain(trouble);
  }

  @Test
  void aCaptureThatNeverAttachesIsEndedAndTheNextOneIsMade() throws Exception {
    fault("");
    assertThat(capture().trouble()).startsWith("the capture did not attach: ");
    theNextCaptureIsMade();
  }

  @Test
  void soIsOneThatDoesNotEndWhenItIsOver() throws Exception {
    fault("ready");
    assertThat(capture().trouble()).isEqualTo("capture killed");
    theNextCaptureIsMade();
  }

  private void theNextCaptureIsMade() throws Exception {
    isGone();
    assertThat(sight.status().troubles()).anyMatch(trouble -> trouble.contains("capture"));
    assertThat(capture().trouble()).isEmpty();
    assertThat(sight.status().troubles()).noneMatch(trouble -> trouble.contains("capture"));
    assertThat(sight.status().captures()).isEqualTo(1);
  }

  private void fault(String body) throws Exception {
    Files.writeString(folder.resolve("fault"), body + "\n");
  }

  private Incoming census() throws InterruptedException {
    prober.census(bpftrace, plan.census().orElseThrow());
    return told();
  }

  private Incoming.Captured capture() throws InterruptedException {
    assertThat(prober.capture(bpftrace, plan, WORKERS, true, List.of(), CAPTURE)).isTrue();
    return (Incoming.Captured) told();
  }

  private Incoming told() throws InterruptedException {
    Incoming message = Objects.requireNonNull(inbox.poll(60, TimeUnit.SECONDS), "nothing came");
    sight.take(message, List.of());
    await().until(() -> !prober.counting() && !prober.capturing());
    return message;
  }

  private void isGone() throws Exception {
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    await().until(() -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
    assertThat(spawner.running()).isEmpty();
  }
}

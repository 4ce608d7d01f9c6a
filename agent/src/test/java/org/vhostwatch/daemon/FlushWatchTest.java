package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.host.SurroundingsReader;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.QueueStatus;

@Timeout(60)
class FlushWatchTest {

  private static final int VMM = 42;
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Path root;
  private final FakeHost host;
  private final FlushWatch watch;

  FlushWatchTest(@TempDir Path root) {
    this.root = root;
    this.host = new FakeHost(root).process(VMM, "qemu", 777, "qemu");
    this.watch = new FlushWatch(new SurroundingsReader(host.fs()));
  }

  @Test
  void aVmmThatWaitsAtTwoLooksInARowHangs() {
    flushes();
    watch.watch(List.of(livelocked()), 0.5, 0);
    watch.look(1);
    assertThat(watch.waiting()).as("every stop waits for a moment").isEmpty();
    watch.look(2);
    assertThat(watch.waiting()).containsOnlyKeys(VMM);
    runs();
    watch.look(3);
    assertThat(watch.waiting()).isEmpty();
  }

  @Test
  void aVmmThatWaitsForItsDiskIsNotIt() {
    state('D', "io_schedule");
    watch.watch(List.of(livelocked()), 0.5, 0);
    watch.look(1);
    watch.look(2);
    assertThat(watch.waiting()).isEmpty();
  }

  @Test
  void aVmWithoutTroubleIsNotLookedAt() {
    flushes();
    watch.watch(List.of(status(Samples.healthy(1, VMM, 43, "vnet0", 0))), 0.5, 0);
    watch.look(1);
    watch.look(2);
    assertThat(watch.waiting()).isEmpty();
  }

  @Test
  void aVmThatIsStoppedIsLookedAt() {
    QueueStatus serving = status(Samples.healthy(1, VMM, 43, "vnet0", 0));
    watch.census(List.of(Samples.queue(1, VMM, 43, "vnet0", 0, 0)));
    watch.watch(List.of(serving), 0.5, 0);
    watch.census(List.of());
    // The detector keeps for another census what one did not list.
    watch.watch(List.of(serving), 0.5, MINUTE);
    flushes();
    watch.look(MINUTE + 1);
    watch.look(2 * MINUTE);
    assertThat(watch.waiting()).as("however late the second look").containsOnlyKeys(VMM);
    runs();
    watch.look(3 * MINUTE);
    flushes();
    watch.look(4 * MINUTE);
    watch.look(5 * MINUTE);
    assertThat(watch.waiting()).as("and then no more").isEmpty();
  }

  @Test
  void aStopDoesNotShortenWhatTroubleHasBegun() {
    watch.census(List.of(Samples.queue(1, VMM, 43, "vnet0", 0, 1)));
    watch.watch(List.of(livelocked()), 0.5, 0);
    watch.census(List.of());
    watch.watch(List.of(), 0.5, 1);
    flushes();
    watch.look(2 * MINUTE);
    watch.look(3 * MINUTE);
    assertThat(watch.waiting()).containsOnlyKeys(VMM);
  }

  @Test
  void itIsLookedAtForMinutesAfterItsTrouble() {
    watch.watch(List.of(livelocked()), 0.5, 0);
    flushes();
    watch.look(MINUTE);
    watch.look(2 * MINUTE);
    assertThat(watch.waiting()).as("stopped, and its queue gone").containsOnlyKeys(VMM);
    watch.look(60 * MINUTE);
    assertThat(watch.waiting()).as("for as long as it hangs").containsOnlyKeys(VMM);
    runs();
    watch.look(61 * MINUTE);
    flushes();
    watch.look(62 * MINUTE);
    watch.look(63 * MINUTE);
    assertThat(watch.waiting()).as("and then no more").isEmpty();
  }

  @Test
  void aVmmThatIsGoneIsForgotten() {
    flushes();
    watch.watch(List.of(livelocked()), 0.5, 0);
    watch.look(1);
    watch.look(2);
    host.remove("proc/" + VMM);
    watch.look(3);
    assertThat(watch.waiting()).isEmpty();
  }

  /** A pipe that nobody reads from blocks whoever opens it, as a VMM that hangs may. */
  @Test
  void aVmmThatDoesNotAnswerStaysWhatItWas() throws Exception {
    flushes();
    watch.watch(List.of(livelocked()), 0.5, 0);
    watch.look(1);
    watch.look(2);
    Path stat = host.fifo("proc/" + VMM + "/task/" + VMM + "/stat");
    long began = System.nanoTime();
    watch.look(3);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
    assertThat(watch.waiting()).containsOnlyKeys(VMM);
    // Lets the reader go.
    new FileOutputStream(stat.toFile()).close();
  }

  @Test
  void itsThreadLooksOnceThereIsTrouble() {
    flushes();
    watch.start();
    try {
      watch.watch(List.of(livelocked()), 0.5, System.nanoTime());
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(watch.waiting()).containsOnlyKeys(VMM));
    } finally {
      watch.close();
    }
  }

  private void flushes() {
    state('D', "__vhost_worker_flush");
  }

  private void runs() {
    state('R', "0");
  }

  private void state(char state, String wchan) {
    String task = "proc/" + VMM + "/task/" + VMM;
    host.thread(VMM, VMM, "qemu", FakeHost.PROCESS, 777, 0);
    Path stat = root.resolve(task + "/stat");
    try {
      host.file(task + "/stat", Files.readString(stat).replace(") R ", ") " + state + " "));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    host.file(task + "/wchan", wchan);
  }

  private static QueueStatus livelocked() {
    return status(Samples.livelocked(1, VMM, 43, "vnet0", 0));
  }

  private static QueueStatus status(QueueVerdict verdict) {
    return new QueueStatus(
        "web01",
        Optional.of(new Vmm(VMM, 777, "qemu", "web01", Optional.empty(), Optional.empty())),
        TapPort.NONE,
        verdict,
        0);
  }
}

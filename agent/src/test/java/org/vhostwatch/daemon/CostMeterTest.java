package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.snapshot.OwnCost;

class CostMeterTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long KIB = 1024;

  private FakeHost host;
  private CostMeter meter;

  @BeforeEach
  void agent(@TempDir Path root) {
    host = new FakeHost(root);
    meter = new CostMeter(host.fs(), 100);
    process(100, 1, 250, 0, 50_000);
  }

  @Test
  void addsTheChildrenThatRunToThoseThatEnded() {
    process(100, 1, 250, 300, 50_000);
    process(201, 100, 40, 0, 90_000);
    process(202, 100, 60, 0, 80_000);
    meter.measure(List.of(201L, 202L));
    assertThat(meter.agent()).isEqualTo(new OwnCost.Usage(5 * SECOND / 2, 50_000 * KIB));
    assertThat(meter.children()).isEqualTo(new OwnCost.Usage(4 * SECOND, 170_000 * KIB));
  }

  @Test
  void whatAChildUsedIsNotLostWhenItEnds() {
    process(201, 100, 40, 0, 90_000);
    meter.measure(List.of(201L));
    host.remove("proc/201/stat");
    meter.measure(List.of(201L));
    assertThat(meter.children()).isEqualTo(new OwnCost.Usage(2 * SECOND / 5, 0));
    process(100, 1, 260, 45, 50_000);
    meter.measure(List.of());
    assertThat(meter.children().cpuNanos()).isEqualTo(45 * SECOND / 100);
  }

  @Test
  void aStrangerWithTheIdOfAChildDoesNotCount() {
    process(201, 1, 4_000, 0, 90_000);
    meter.measure(List.of(201L));
    assertThat(meter.children()).isEqualTo(new OwnCost.Usage(0, 0));
  }

  @Test
  void tellsWhatAnswersTook() {
    thread(101, "java", 100);
    thread(102, "http-1", 30);
    thread(103, "HTTP-Dispatcher", 7);
    thread(104, "attach-http-1", 50);
    meter.measure(List.of());
    assertThat(meter.answeredNanos()).isEqualTo(37 * SECOND / 100);
    // One has ended, and its id is another's.
    thread(102, "http-2", 5);
    thread(103, "HTTP-Dispatcher", 9);
    meter.measure(List.of());
    assertThat(meter.answeredNanos()).isEqualTo(44 * SECOND / 100);
    host.remove("proc/100/task/102/stat");
    meter.measure(List.of());
    assertThat(meter.answeredNanos()).isEqualTo(44 * SECOND / 100);
  }

  private void thread(int tid, String comm, long ticks) {
    host.file(
        "proc/100/task/" + tid + "/stat",
        "%d (%s) S 1 1 1 0 -1 4194560 1 2 3 4 %d 0 0 0 20 0 1 0 99 1 1%s\n"
            .formatted(tid, comm, ticks, " 0".repeat(30)));
  }

  @Test
  void readsThisProcess() {
    CostMeter own = new CostMeter(new ProcFs(Path.of("/")), ProcessHandle.current().pid());
    own.measure(List.of());
    assertThat(own.agent().cpuNanos()).isPositive();
    assertThat(own.agent().residentBytes()).isGreaterThan(1 << 20);
  }

  private void process(int pid, int parent, long ticks, long ended, long kilobytes) {
    long user = ticks / 2;
    host.file(
        "proc/" + pid + "/stat",
        "%d (a ) b) S %d 1 1 0 -1 4194560 1 2 3 4 %d %d %d 0 20 0 1 0 99 1 1%s\n"
            .formatted(pid, parent, user, ticks - user, ended, " 0".repeat(28)));
    host.file("proc/" + pid + "/status", "Name:\ta\nVmRSS:\t  " + kilobytes + " kB\n");
  }
}

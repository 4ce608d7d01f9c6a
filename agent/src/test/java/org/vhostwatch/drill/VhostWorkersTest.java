package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VhostWorkersTest {
  @Test
  void threadOfThisProcessIsTheWorker(@TempDir Path proc) throws IOException {
    VhostWorkers.Before before = procOfThread(proc, 4711);
    addThread(proc.resolve("self/task"), 4720, "vhost-4711", 3, 250);
    addThread(proc.resolve("self/task"), 4721, "drill-traffic", 9, 9);
    VhostWorkers workers = before.find();
    assertThat(workers.tids()).containsExactly(4720);
    assertThat(workers.cpuMillis()).isEqualTo(2530);
    assertThat(workers).hasToString("worker 4720");
  }

  @Test
  void kernelThreadIsTheWorkerBeforeLinux64(@TempDir Path proc) throws IOException {
    VhostWorkers.Before before = procOfThread(proc, 4711);
    addThread(proc, 5000, "vhost-4711", 0, 12);
    addThread(proc, 5001, "vhost-99", 0, 500);
    VhostWorkers workers = before.find();
    assertThat(workers.tids()).containsExactly(5000);
    assertThat(workers.cpuMillis()).isEqualTo(120);
    assertThat(workers).hasToString("kernel worker 5000");
  }

  @Test
  void aWorkerThatWantsACpuIsRunnableAndWaits(@TempDir Path proc) throws IOException {
    VhostWorkers.Before before = procOfThread(proc, 4711);
    Path tasks = proc.resolve("self/task");
    addThread(tasks, 4720, "vhost-4711", 3, 250);
    VhostWorkers workers = before.find();
    assertThat(workers.waitedMillis()).as("not counted by this kernel").isZero();
    Files.writeString(tasks.resolve("4720/schedstat"), "2530000000 4099999999 17\n");
    assertThat(workers.waitedMillis()).isEqualTo(4099);
    assertThat(workers.runnable()).isTrue();
    Files.writeString(tasks.resolve("4720/stat"), "4720 (vhost R) S 1 2 3 0 -1 4 5 6 7 8 9 9 0 0");
    assertThat(workers.runnable()).isFalse();
  }

  @Test
  void workerThatWasThereBeforeIsSomebodyElses(@TempDir Path proc) throws IOException {
    Files.createDirectories(proc);
    addThread(proc, 5000, "vhost-4711", 0, 12);
    VhostWorkers.Before before = procOfThread(proc, 4711);
    assertThat(before.find().tids()).isEmpty();
    assertThat(before.find()).hasToString("no worker");
  }

  private static VhostWorkers.Before procOfThread(Path proc, int tid) throws IOException {
    Files.createDirectories(proc.resolve("self/task"));
    Files.createSymbolicLink(proc.resolve("thread-self"), Path.of("4700/task/" + tid));
    return VhostWorkers.before(proc);
  }

  private static void addThread(Path directory, int tid, String comm, int user, int system)
      throws IOException {
    Path thread = Files.createDirectories(directory.resolve(String.valueOf(tid)));
    Files.writeString(thread.resolve("comm"), comm + "\n");
    Files.writeString(
        thread.resolve("stat"),
        "%d (a b) c) R 1 2 3 0 -1 4 5 6 7 8 %d %d 0 0 20 0 1 0 99".formatted(tid, user, system));
  }
}

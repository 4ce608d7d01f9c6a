package org.vhostwatch.host;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A look at one worker in the real /proc: its stat and its schedstat. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ScanBench {

  private final ProcFs fs = new ProcFs(Path.of("/"));
  private final WorkerScanner scanner = new WorkerScanner(fs);
  private final List<Worker> worker = List.of(own());

  /** The main thread of this process stands for a worker: the kernel makes the same files of it. */
  private Worker own() {
    int pid = (int) ProcessHandle.current().pid();
    TaskStat stat =
        TaskStat.read(fs, "proc/" + pid + "/task/" + pid + "/stat", new byte[TaskStat.MAX_BYTES])
            .orElseThrow();
    return new Worker(
        pid,
        pid,
        stat.startTicks(),
        stat.comm(),
        Worker.Kind.VMM_THREAD,
        stat.state(),
        stat.cpuTicks(),
        0,
        stat.cpu(),
        stat.nice());
  }

  /** Fails where nothing could be read: that would be fast. */
  @Benchmark
  public List<Worker> lookAtOneWorker() {
    List<Worker> seen = scanner.refresh(worker);
    if (seen.size() != 1) {
      throw new IllegalStateException("the worker is not seen");
    }
    return seen;
  }
}

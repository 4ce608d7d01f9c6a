package org.vhostwatch.detect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.vhostwatch.bench.SyntheticHost;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerScanner;
import org.vhostwatch.probe.SentinelFrame;

/**
 * One step of the detector on a healthy host: all workers, a frame of the sentinel, the verdicts.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class DetectorBench {

  @Param({"200", "2000"})
  public int queues;

  private final Detector detector = new Detector(Settings.DEFAULT);
  private HostState state = HostState.EMPTY;
  private List<Worker> workers = List.of();
  private long now = 1_000_000_000_000L;

  /** A host that has been looked at, and counted. */
  @Setup
  public void host() throws IOException {
    Path root = Files.createTempDirectory("host");
    try {
      SyntheticHost host = new SyntheticHost(root).workers(queues);
      workers = new WorkerScanner(new ProcFs(root)).scan();
      state = detector.next(state, new Observation.Workers(workers), now);
      state = detector.next(state, new Observation.Queues(host.census(), now), now);
    } finally {
      SyntheticHost.delete(root);
    }
  }

  @Benchmark
  public List<QueueVerdict> step() {
    now += 1_000_000_000L;
    state = detector.next(state, new Observation.Workers(workers), now);
    state = detector.next(state, new Observation.Spins(new SentinelFrame(now, List.of())), now);
    List<QueueVerdict> verdicts = detector.judge(state, now);
    if (verdicts.size() != queues || verdicts.get(0).verdict() != Verdict.HEALTHY) {
      throw new IllegalStateException("not the host that is meant: " + verdicts.size());
    }
    return verdicts;
  }
}

package org.vhostwatch.daemon;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;
import org.vhostwatch.bench.SyntheticHost;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.notify.Notices;

/**
 * What a cycle of the daemon's loop and a scrape cost on a healthy host, over the number of
 * workers: CPU time of the thread, bytes allocated, bytes scraped. Run by {@code bench/cycle}.
 *
 * <p>The host is a {@link SyntheticHost}, in a folder that should be in memory. What the kernel
 * takes to make a stat file, which such a folder does not show, is measured at this process' own
 * and stated.
 */
final class CycleBench {

  private static final int WARM = 40;
  private static final int CYCLES = 120;
  private static final int SCRAPES = 15;
  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private CycleBench() {}

  /**
   * Prints a table.
   *
   * @param arguments folder for the made-up hosts, then numbers of workers
   */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    System.out.println(
        "| workers | threads | calm cycle, CPU us | calm cycle, bytes | alert cycle, CPU us |"
            + " scan, CPU us | scrape, ms | scrape, bytes | calm host, percent of a core |");
    System.out.println("|---|---|---|---|---|---|---|---|---|");
    for (String workers : Arrays.asList(arguments).subList(1, arguments.length)) {
      measure(folder, Integer.parseInt(workers));
    }
    System.out.printf(
        Locale.ROOT,
        "%nOne stat file of a thread: %.1f us in /proc, %.1f us in the made-up one.%n",
        statMicros(Path.of("/"), (int) ProcessHandle.current().pid()),
        statMicros(folder.resolve("last"), 10_000_000));
  }

  private static void measure(Path folder, int workers) throws Exception {
    Path root = folder.resolve("last");
    SyntheticHost.delete(root);
    SyntheticHost host = new SyntheticHost(root).workers(workers);
    try (Daemon daemon = new Daemon(TestOptions.of(root, folder), LogRing.attach(), Notices.NONE);
        PrometheusExposition exposition = new PrometheusExposition(daemon::snapshot, "bench")) {
      daemon.take(new Incoming.Attached(1, true), System.nanoTime());
      daemon.cycle(0);
      daemon.take(
          new Incoming.Counted(host.census(), Transcript.ofCensus(System.nanoTime())),
          System.nanoTime());
      long now = System.nanoTime();
      Cost calm = cycles(daemon, true, now);
      Cost alert = cycles(daemon, false, now + 1_000_000_000_000L);
      Cost scan = Cost.least(SCRAPES, () -> daemon.scan(System.nanoTime()));
      StringWriter page = new StringWriter();
      double[] scrapes = new double[SCRAPES];
      for (int i = 0; i < SCRAPES; i++) {
        page.getBuffer().setLength(0);
        long began = System.nanoTime();
        exposition.write(Exposition.Format.TEXT, page);
        scrapes[i] = (System.nanoTime() - began) / 1e6;
      }
      Arrays.sort(scrapes);
      System.out.printf(
          Locale.ROOT,
          "| %d | %d | %.0f | %.0f | %.0f | %.0f | %.1f | %d | %.3f |%n",
          workers,
          host.threads(),
          calm.micros(),
          calm.bytes(),
          alert.micros(),
          scan.micros(),
          scrapes[SCRAPES / 2],
          page.getBuffer().length(),
          calm.micros() / 1e6 * 100);
    }
  }

  /** One cycle a second of made-up time, each at its real cost; the median's worth of them all. */
  private static Cost cycles(Daemon daemon, boolean calm, long from) {
    long now = from;
    Cost total = new Cost(0, 0);
    for (int i = 0; i < WARM + CYCLES; i++) {
      now += 1_000_000_000L;
      daemon.take(
          calm
              ? new Incoming.Line(1, "{\"type\": \"printf\", \"data\": \"calm " + now + "\\n\"}")
              : new Incoming.Detached(1, "bench"),
          now);
      long at = now;
      Cost one = Cost.of(() -> daemon.cycle(at));
      total = i < WARM ? total : total.plus(one);
    }
    return total.over(CYCLES);
  }

  private record Cost(double micros, double bytes) {

    static Cost of(Runnable work) {
      long bytes = THREAD.getThreadAllocatedBytes(Thread.currentThread().getId());
      long cpu = THREAD.getCurrentThreadCpuTime();
      work.run();
      return new Cost(
          (THREAD.getCurrentThreadCpuTime() - cpu) / 1e3,
          THREAD.getThreadAllocatedBytes(Thread.currentThread().getId()) - bytes);
    }

    static Cost least(int times, Runnable work) {
      return Stream.generate(() -> of(work))
          .limit(times)
          .min(Comparator.comparingDouble(Cost::micros))
          .orElseThrow();
    }

    Cost plus(Cost more) {
      return new Cost(micros + more.micros, bytes + more.bytes);
    }

    Cost over(int count) {
      return new Cost(micros / count, bytes / count);
    }
  }

  private static double statMicros(Path root, int pid) {
    ProcFs fs = new ProcFs(root);
    String path = "proc/" + pid + "/task/" + pid + "/stat";
    Runnable reads =
        () -> {
          for (int i = 0; i < 1000; i++) {
            if (fs.text(path, 4096).isEmpty()) {
              throw new UncheckedIOException(new IOException("cannot read " + path));
            }
          }
        };
    reads.run();
    return Cost.least(20, reads).micros() / 1000;
  }
}

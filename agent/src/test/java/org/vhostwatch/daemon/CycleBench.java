package org.vhostwatch.daemon;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.CensusQueue;

/**
 * What a cycle of the daemon's loop and a scrape cost on a healthy host, over the number of
 * workers: CPU time of the thread, bytes allocated, bytes scraped. Run by {@code bench/cycle}.
 *
 * <p>The host is a made-up /proc: a process of six threads for each worker, in a folder that should
 * be in memory. What the kernel takes to make a stat file, which such a folder does not show, is
 * measured at this process' own and stated.
 */
final class CycleBench {

  private static final int THREADS = 5;
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
        statMicros(folder.resolve("last"), 10_000));
  }

  private static void measure(Path folder, int workers) throws Exception {
    Path root = folder.resolve("last");
    delete(root);
    List<CensusQueue> queues = new ArrayList<>();
    for (int i = 0; i < workers; i++) {
      queues.add(host(root, 10_000 + 10 * i, i));
    }
    try (Daemon daemon = new Daemon(TestOptions.of(root, folder), LogRing.attach(), Notices.NONE);
        PrometheusExposition exposition = new PrometheusExposition(daemon::snapshot, "bench")) {
      daemon.take(new Incoming.Attached(1, true), System.nanoTime());
      daemon.cycle(0);
      daemon.take(
          new Incoming.Counted(new Census(queues, 0), new Transcript(System.nanoTime())),
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
          workers * (THREADS + 1),
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
              ? new Incoming.Line(1, "{\"type\": \"printf\", \"data\": \"tick " + now + "\\n\"}")
              : new Incoming.Detached(1, "bench"),
          now);
      daemon.take(
          new Incoming.Line(1, "{\"type\": \"printf\", \"data\": \"end " + now + "\\n\"}"), now);
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

  /** Makes a VMM with one worker, and returns its queue. */
  private static CensusQueue host(Path root, int pid, int number) throws IOException {
    Path process = root.resolve("proc/" + pid);
    for (int thread = 0; thread <= THREADS; thread++) {
      int tid = pid + thread;
      boolean worker = thread == THREADS;
      Path task = Files.createDirectories(process.resolve("task/" + tid));
      Files.writeString(
          task.resolve("stat"),
          tid
              + (worker ? " (vhost-" + pid + ") S" : " (qemu-system-x86) S")
              + " 1 1 1 0 -1 "
              + (worker ? 0x4000 | 0x40 : 0x400040)
              + " 0 0 0 0 120 340 0 0 20 0 6 0 "
              + (1000 + number)
              + " 9000000 4000 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0"
              + " 0 0 0 0 0 0\n");
    }
    Files.write(
        process.resolve("cmdline"),
        ("/usr/bin/qemu-system-x86_64\0-name\0guest=vm"
                + number
                + ",debug-threads=on\0-uuid\0"
                + "00000000-0000-0000-0000-000000000000\0")
            .getBytes(StandardCharsets.UTF_8));
    Files.writeString(process.resolve("comm"), "qemu-system-x86\n");
    Files.copy(process.resolve("task/" + pid + "/stat"), process.resolve("stat"));
    return new CensusQueue(
        0xffff888000000000L + 0x10000L * number,
        pid,
        20,
        pid,
        pid + THREADS,
        256,
        100,
        100,
        100,
        7,
        0x100008000L,
        0,
        CensusQueue.Backend.TUN,
        0,
        0,
        0,
        new TapPort("tap" + number, 10 + number, "br0", 4026531833L, 0, true));
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

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}

package org.vhostwatch.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One row of {@code bench/growth}: the daemon on a host with so many workers, scraped every fifteen
 * seconds. With churn, a tenth of the VMs is replaced each minute, and two things must hold: a VM
 * that is gone has no series at the next scrape, and memory does not grow. Idle, nobody asks it
 * anything.
 */
final class Growth {

  private static final Duration SCRAPE_PERIOD = Duration.ofSeconds(15);

  /** The compiler is done, and the first census has been taken. */
  private static final int WARM_SCRAPES = 2;

  /** Between two replacements; with those right before a scrape there are twelve a minute. */
  private static final Duration CHURN_PERIOD = Duration.ofSeconds(6);

  /** What the daemon saw a cycle ago, a second, it does not look for again. */
  private static final Duration FRESH = Duration.ofMillis(1500);

  /** The daemon has looked for new workers several times, and taken several censuses. */
  private static final Duration IDLE_WARM_UP = Duration.ofMinutes(2);

  private static final Duration LIMIT = Duration.ofSeconds(120);

  /** What the heap may take in pieces; a leak of one VM's worth each time would be more. */
  private static final double GROWTH_MEBIBYTES = 4;

  private static final Pattern VM = Pattern.compile("vm=\"(vm\\d+)\"");

  private final SyntheticHost host;
  private final Path root;
  private final int workers;
  private final Set<String> gone = new HashSet<>();
  private final List<String> failures = new ArrayList<>();

  private Growth(Path root, int workers) throws IOException {
    this.root = root;
    this.workers = workers;
    this.host = new SyntheticHost(root).workers(workers);
    host.writeCensus(root.resolve("census"));
  }

  /**
   * Prints the row.
   *
   * @param arguments workers, folder of the host, launcher, minutes, churn, calm or idle
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Growth growth = new Growth(Path.of(arguments[1]), Integer.parseInt(arguments[0]));
    Path launcher = Path.of(arguments[2]);
    Duration time = Duration.ofSeconds(Math.round(60 * Double.parseDouble(arguments[3])));
    if (arguments[4].equals("idle")) {
      growth.idle(launcher, time);
    } else {
      growth.measure(launcher, time, arguments[4].equals("churn"));
    }
    growth.failures.forEach(failure -> System.out.println("FAIL " + failure));
    System.exit(growth.failures.isEmpty() ? 0 : 1);
  }

  private void idle(Path launcher, Duration time) throws IOException, InterruptedException {
    try (Agent agent = Agent.start(root, launcher)) {
      agent.await("ready", LIMIT, agent::ready);
      TimeUnit.NANOSECONDS.sleep(IDLE_WARM_UP.toNanos());
      double cpu = agent.cpuSeconds();
      long began = System.nanoTime();
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
      double seconds = (System.nanoTime() - began) / 1e9;
      double used = agent.cpuSeconds() - cpu;
      double rss = agent.mebibytes("VmRSS");
      check(agent.get("/metrics"), false);
      System.out.printf(
          Locale.ROOT,
          "| %d | %d | %.1f | %.3f |%n",
          workers,
          host.threads() + MakeHost.OTHER_THREADS,
          rss,
          100 * used / seconds);
    }
  }

  private void measure(Path launcher, Duration time, boolean churn)
      throws IOException, InterruptedException {
    long started = System.nanoTime();
    try (Agent agent = Agent.start(root, launcher)) {
      agent.await("ready", LIMIT, agent::ready);
      double ready = (System.nanoTime() - started) / 1e9;
      agent.await(
          "counted",
          LIMIT,
          () -> {
            try {
              return agent.get("/metrics").series("vhostwatch_queue_livelocked") == workers;
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      for (int i = 0; i < WARM_SCRAPES; i++) {
        pause(churn);
        agent.get("/metrics");
      }
      Agent.Scrape before = agent.get("/metrics");
      double cpu = agent.cpuSeconds();
      double memory = 0;
      long began = System.nanoTime();
      List<Double> millis = new ArrayList<>();
      Agent.Scrape last = before;
      for (long n = 0; n < Math.max(1, time.dividedBy(SCRAPE_PERIOD)); n++) {
        pause(churn);
        last = agent.get("/metrics");
        millis.add(last.millis());
        check(last, churn);
        // What the first minute of churn takes is no growth yet.
        memory = n < 4 ? Math.max(memory, agent.mebibytes("VmRSS")) : memory;
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      double used = agent.cpuSeconds() - cpu;
      double rss = agent.mebibytes("VmRSS");
      if (churn && rss > memory + GROWTH_MEBIBYTES) {
        failures.add(String.format(Locale.ROOT, "memory grew from %.1f to %.1f MiB", memory, rss));
      }
      if (churn && gone.size() < host.vms() * time.toSeconds() / 60 / 12) {
        failures.add("only " + gone.size() + " VMs were replaced");
      }
      millis.sort(null);
      double looks = delta(last, before, "vhostwatch_scan_seconds_count");
      System.out.printf(
          Locale.ROOT,
          "| %d | %d | %.2f | %.1f | %.1f | %.1f | %.1f | %d | %.1f | %.1f | %.3f |%n",
          workers,
          host.threads() + MakeHost.OTHER_THREADS,
          ready,
          1000 * delta(last, before, "vhostwatch_scan_seconds_sum") / looks,
          1000 * delta(last, before, "vhostwatch_cycle_seconds_sum") / looks,
          millis.get(millis.size() / 2),
          millis.get(millis.size() - 1),
          last.text().length(),
          rss,
          agent.mebibytes("VmHWM"),
          100 * used / seconds);
    }
  }

  /** Until the next scrape; VMs come and go meanwhile, and the last ones just before it. */
  private void pause(boolean churn) throws IOException, InterruptedException {
    long end = System.nanoTime() + SCRAPE_PERIOD.toNanos();
    while (churn && end - System.nanoTime() > CHURN_PERIOD.toNanos()) {
      TimeUnit.NANOSECONDS.sleep(CHURN_PERIOD.toNanos());
      replace();
    }
    TimeUnit.NANOSECONDS.sleep(Math.max(0, end - FRESH.toNanos() - System.nanoTime()));
    if (churn) {
      replace();
    }
    TimeUnit.NANOSECONDS.sleep(Math.max(0, end - System.nanoTime()));
  }

  /** A twelfth of the tenth that goes in a minute. */
  private void replace() throws IOException {
    gone.addAll(host.replace(Math.max(1, host.vms() / 120)));
    host.writeCensus(root.resolve("census"));
  }

  private void check(Agent.Scrape scrape, boolean churn) {
    Set<String> stale = new HashSet<>();
    Matcher series = VM.matcher(scrape.text());
    while (series.find()) {
      if (gone.contains(series.group(1))) {
        stale.add(series.group(1));
      }
    }
    if (!stale.isEmpty()) {
      failures.add(stale.size() + " VMs that are gone have series: " + stale.iterator().next());
    }
    // Those of the newest VMs come with the next scan, half a minute later at most.
    double seen = scrape.sum("vhostwatch_workers");
    if (seen > workers || seen < (churn ? workers * 0.9 : workers)) {
      failures.add("the scrape says " + seen + " workers of " + workers);
    }
  }

  private static double delta(Agent.Scrape after, Agent.Scrape before, String metric) {
    return after.sum(metric) - before.sum(metric);
  }
}

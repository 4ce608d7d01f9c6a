package org.vhostwatch.cli;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vhostwatch.daemon.Daemon;
import org.vhostwatch.daemon.DaemonOptions;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.http.Sources;
import org.vhostwatch.http.StatusServer;
import org.vhostwatch.metrics.SelfMetrics;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.report.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vhostwatch run}: the daemon. */
@Command(
    name = "run",
    sortOptions = false,
    header = "Watches this host until it is told to stop (SIGTERM), and serves metrics.",
    description = {
      "Keeps the sentinel attached, takes a census now and then, captures evidence of each livelock, "
          + "and serves /metrics, /-/healthy, /-/ready, /api/v1/threads and a status page. Needs root "
          + "for probes; without, it watches /proc alone and says so.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:stopped",
      "3:cannot serve: the address is taken or not ours",
      "64:wrong usage",
      "143:ended by SIGTERM, in order"
    })
final class RunCommand implements Callable<Integer> {

  /** Long beyond any cycle, under emulation too: the loop waits for nothing. */
  private static final Duration STANDSTILL = Duration.ofSeconds(20);

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Option(
      names = "--listen",
      paramLabel = "ADDRESS:PORT",
      converter = Addresses.class,
      defaultValue = "127.0.0.1:19739",
      description = "Where to serve (default: ${DEFAULT-VALUE}). [::1]:19739 for IPv6.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private InetSocketAddress listen;

  @Option(
      names = "--confirm",
      paramLabel = "TIME",
      converter = Durations.class,
      defaultValue = "3s",
      description =
          "How long a spin lasts before it is a livelock, 1s to 10m (default: ${DEFAULT-VALUE}).")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Duration confirm;

  @Option(
      names = "--census-period",
      paramLabel = "TIME",
      converter = Durations.class,
      defaultValue = "60s",
      description =
          "Time between two censuses of a quiet host, 10s to 24h (default: ${DEFAULT-VALUE}).")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Duration censusPeriod;

  @Mixin private final ProbeOptions probes = new ProbeOptions();

  @Override
  public Integer call() throws Failure, InterruptedException {
    between("--confirm", confirm, Duration.ofSeconds(1), Duration.ofMinutes(10));
    between("--census-period", censusPeriod, Duration.ofSeconds(10), Duration.ofHours(24));
    DaemonOptions options =
        new DaemonOptions(
            probes.kit(),
            new Settings(
                confirm, Settings.DEFAULT.minPassesPerSecond(), Settings.DEFAULT.busyShare()),
            Duration.ofSeconds(1),
            censusPeriod,
            Duration.ofSeconds(5),
            Duration.ofMinutes(10));
    try (Daemon daemon = new Daemon(options);
        PrometheusExposition exposition =
            new PrometheusExposition(daemon::snapshot, Version.text());
        SelfMetrics self = new SelfMetrics(exposition.registry(), daemon::backlog);
        StatusServer server = StatusServer.start(listen, sources(daemon, exposition))) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(daemon, server), "stop"));
      log().info("vhostwatch {} serves http://{}", Version.text(), text(server.address()));
      daemon.run(self);
    } catch (StatusServer.BindException e) {
      throw new Failure(ExitCode.UNKNOWN, String.valueOf(e.getMessage()));
    }
    return ExitCode.OK;
  }

  private static Sources sources(Daemon daemon, PrometheusExposition exposition) {
    return new Sources(
        daemon::snapshot,
        exposition,
        daemon::sinceCycle,
        STANDSTILL,
        () ->
            daemon.ready()
                ? Optional.empty()
                : Optional.of("the first attempt to attach probes has not ended yet"));
  }

  /** The JVM ends when its hooks have: everything must be gone by then. */
  private static void stop(Daemon daemon, StatusServer server) {
    log().info("stopping");
    daemon.close();
    server.close();
  }

  /** Not a constant: setting up the logging takes half of the start-up time of every command. */
  private static Logger log() {
    return LoggerFactory.getLogger("vhostwatch");
  }

  private static String text(InetSocketAddress address) {
    return address.getHostString() + ":" + address.getPort();
  }

  private void between(String option, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new ParameterException(
          spec.commandLine(),
          option + " must be between " + least.toSeconds() + "s and " + most.toSeconds() + "s");
    }
  }
}

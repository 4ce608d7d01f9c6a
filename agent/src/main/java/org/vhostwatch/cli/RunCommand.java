package org.vhostwatch.cli;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Keys;
import org.vhostwatch.config.Running;
import org.vhostwatch.daemon.CeilingOptions;
import org.vhostwatch.daemon.Daemon;
import org.vhostwatch.daemon.DaemonOptions;
import org.vhostwatch.daemon.MitigationOptions;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.http.Protection;
import org.vhostwatch.http.Sources;
import org.vhostwatch.http.StatusServer;
import org.vhostwatch.log.Log;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.log.Logging;
import org.vhostwatch.metrics.SelfMetrics;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.state.StateDirectory;
import org.vhostwatch.systemd.ServiceManager;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code vhostwatch run}: the daemon. */
@Command(
    name = "run",
    sortOptions = false,
    header = "Watches this host until it is told to stop (SIGTERM), and serves metrics.",
    description = {
      "Keeps the sentinel attached, takes a census now and then, captures evidence of each"
          + " livelock, and serves /metrics, /-/healthy, /-/ready, /api/v1/threads,"
          + " /api/v1/incidents and a status page. Needs root for probes; without, it watches /proc"
          + " alone and says so.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:stopped",
      "3:cannot serve: the address is taken or not ours, another agent uses the state directory,"
          + " systemd cannot be told, Java was upgraded under it, or it had no memory",
      "64:wrong usage",
      "78:wrong configuration, a certificate, key or file of users that cannot be used among it",
      "143:ended by SIGTERM, in order"
    })
final class RunCommand implements Callable<Integer> {

  /** Long beyond any cycle, under emulation too: the loop waits for nothing. */
  private static final Duration STANDSTILL = Duration.ofSeconds(20);

  /** Held as long as the agent lives; the kernel gives it back, however that ends. */
  private static final String LOCK = "agent.lock";

  /** What is unfinished for so long was left by a writer that was killed. */
  private static final Duration LEFT = Duration.ofHours(1);

  /** An agent that was told to end, or killed, may need a moment to be gone. */
  private static final Duration HANDOVER = Duration.ofSeconds(10);

  @Mixin private final Configured configured = Configured.withAllKeys();

  @Override
  public Integer call() throws Failure, InterruptedException {
    try {
      return run();
    } finally {
      // Before it is said why it ended, if it did not by a signal.
      Logging.finish();
    }
  }

  @SuppressWarnings("try") // the lock is held, and that is all
  private int run() throws Failure, InterruptedException {
    JavaFiles java = new JavaFiles(Path.of(System.getProperty("java.home")));
    HangUp hangUp = HangUp.install();
    Configuration configuration = configured.configuration();
    DaemonOptions options = options(configuration);
    logging(configuration);
    Logging.takeUncaught();
    try (Closeable alone = alone(Configured.state(configuration));
        Outlets outlets = Outlets.of(configuration, hostname());
        Daemon daemon = new Daemon(options, LogRing.attach(), outlets);
        PrometheusExposition exposition = new PrometheusExposition(daemon::fresh, Version.text());
        SelfMetrics self = new SelfMetrics(exposition.registry(), daemon::backlog);
        StatusServer server =
            StatusServer.start(
                configuration.get(Keys.LISTEN),
                sources(daemon, exposition),
                protection(configuration));
        ServiceManager manager =
            ServiceManager.start(
                System.getenv(),
                new ServiceManager.Source(daemon::snapshot, daemon::ready, daemon::sinceCycle))) {
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> stop(daemon, server, manager, outlets), "stop"));
      outlets.textFile(configuration, exposition.own());
      // On a thread of its own: the daemon does not wait for a disk.
      Executor scribe = Executors.newSingleThreadExecutor(RunCommand::scribe);
      scribe.execute(() -> tidy(Configured.state(configuration)));
      scribe.execute(() -> writeDown(configuration));
      Reloader reloader =
          new Reloader(
              configuration,
              server.address(),
              configured::find,
              (next, certificates) -> {
                Protection protection = protection(next, certificates);
                return () -> {
                  logging(next);
                  daemon.change(options(next));
                  server.protect(protection);
                  scribe.execute(() -> writeDown(next));
                };
              });
      hangUp.answer(() -> manager.reload(reloader::reload));
      Log.started(Version.text(), url(configuration, server.address()));
      warnIfExposed(configuration, server.address());
      AtomicBoolean replaced = new AtomicBoolean();
      java.watch(() -> upgraded(daemon, manager.present(), replaced));
      daemon.run(self);
      if (replaced.get()) {
        return ExitCode.UNKNOWN;
      }
    } catch (Protection.UnusableException e) {
      throw new Failure(ExitCode.CONFIGURATION, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new Failure(ExitCode.UNKNOWN, String.valueOf(e.getMessage()));
    }
    return ExitCode.OK;
  }

  /**
   * Makes sure that no other agent keeps its incidents in the same folder: each would go on with
   * those of the other, and write over them.
   *
   * @return what ends that
   */
  static Closeable alone(StateDirectory state) throws Failure, InterruptedException {
    try {
      return state.lock(LOCK, HANDOVER);
    } catch (StateDirectory.HeldException e) {
      throw new Failure(
          ExitCode.UNKNOWN,
          "another agent runs with the state directory "
              + state.path()
              + "; stop that one, or give this one another --state-dir and --listen");
    } catch (IOException e) {
      // A disk that is full or read-only keeps nobody from watching; nothing is written there then.
      Log.stateDirUnusable(state.path().toString(), reason(e));
      return () -> {};
    }
  }

  /** Without the path, of which its message always has one: the folder is named already. */
  private static String reason(IOException e) {
    if (!(e instanceof FileSystemException of)) {
      return String.valueOf(e.getMessage());
    }
    return of.getReason() == null ? "it cannot be made, or not be written" : of.getReason();
  }

  /** Without a service manager nobody would start it anew, and half blind is better than gone. */
  private static void upgraded(Daemon daemon, boolean supervised, AtomicBoolean replaced) {
    Log.javaReplaced(
        supervised ? "it ends, to be started anew on the new one" : "please restart it");
    if (supervised) {
      replaced.set(true);
      daemon.close();
    }
  }

  static Protection protection(Configuration configuration) throws Protection.UnusableException {
    return protection(configuration, true);
  }

  /**
   * Reads the files anew: certificates are renewed, and passwords changed, while it runs.
   *
   * @param certificates whether the certificate and its key are to be read
   */
  static Protection protection(Configuration configuration, boolean certificates)
      throws Protection.UnusableException {
    return Protection.read(
        configuration.get(Keys.TLS_CERTIFICATE).filter(file -> certificates),
        configuration.get(Keys.TLS_KEY).filter(file -> certificates),
        configuration.get(Keys.AUTH_FILE));
  }

  /**
   * Says what others on the network can do.
   *
   * @param address that it listens on
   */
  static void warnIfExposed(Configuration configuration, InetSocketAddress address) {
    exposed(configuration, address.getAddress())
        .ifPresent(what -> Log.exposed(StatusServer.text(address), what));
  }

  /**
   * Returns what others on the network can do; empty if there is nothing to say.
   *
   * @param address that it listens on
   */
  static Optional<String> exposed(Configuration configuration, InetAddress address) {
    if (address.isLoopbackAddress()) {
      return Optional.empty();
    }
    if (configuration.get(Keys.AUTH_FILE).isEmpty()) {
      return Optional.of(
          "is no loopback address: whoever reaches it reads which VMs run here; auth-file makes it"
              + " ask for a password");
    }
    return configuration.get(Keys.TLS_CERTIFICATE).isEmpty()
        ? Optional.of(
            "is no loopback address: passwords go over the network in the clear; tls-certificate"
                + " and tls-key make it HTTPS")
        : Optional.empty();
  }

  static DaemonOptions options(Configuration configuration) {
    return new DaemonOptions(
        new ProcFs(Path.of("/")),
        Configured.kit(configuration),
        configuration.get(Keys.MODE),
        Settings.DEFAULT.with(
            configuration.get(Keys.CONFIRM), configuration.get(Keys.CENSUS_PERIOD)),
        Duration.ofSeconds(1),
        configuration.get(Keys.CENSUS_PERIOD),
        Duration.ofSeconds(5),
        Duration.ofMinutes(10),
        configuration.get(Keys.AUTO_MITIGATE)
            ? Optional.of(
                new MitigationOptions(
                    configuration.get(Keys.MITIGATE_COOLDOWN),
                    configuration.get(Keys.MITIGATE_LIMIT)))
            : Optional.empty(),
        Configured.state(configuration),
        new CeilingOptions(
            configuration.get(Keys.MAX_CPU) / 100.0, configuration.get(Keys.MAX_MEMORY)),
        Version.text());
  }

  /** Removes what writers that were killed have left; commands may be writing now. */
  static void tidy(StateDirectory state) {
    try {
      state.removeUnfinished(LEFT);
    } catch (IOException e) {
      // It is in nobody's way. A folder that cannot be used is said by those who need it.
    }
  }

  /** For `vhostwatch check`; the daemon can do without. */
  private static void writeDown(Configuration configuration) {
    try {
      Running.write(configuration, new ProcFs(Path.of("/")), Configured.state(configuration));
    } catch (IOException e) {
      Log.configNotWrittenDown(e);
    }
  }

  private static Thread scribe(Runnable work) {
    Thread thread = new Thread(work, "configuration");
    thread.setDaemon(true);
    return thread;
  }

  private static Sources sources(Daemon daemon, PrometheusExposition exposition) {
    return new Sources(
        daemon::fresh,
        exposition,
        daemon::sinceCycle,
        STANDSTILL,
        daemon::incidents,
        daemon::incident,
        () ->
            daemon.ready()
                ? Optional.empty()
                : Optional.of("the first attempt to attach probes has not ended yet"),
        hostname());
  }

  private static String hostname() {
    return new ProcFs(Path.of("/")).text("proc/sys/kernel/hostname", 256).orElse("").strip();
  }

  /** The JVM ends when its hooks have: everything must be gone by then. */
  private static void stop(
      Daemon daemon, StatusServer server, ServiceManager manager, Outlets outlets) {
    Log.stopping();
    manager.stopping();
    daemon.close();
    server.close();
    outlets.close();
    Logging.finish();
  }

  private static void logging(Configuration configuration) {
    Logging.change(configuration.get(Keys.LOG_LEVEL), configuration.get(Keys.LOG_FORMAT));
  }

  private static String url(Configuration configuration, InetSocketAddress address) {
    boolean tls = configuration.get(Keys.TLS_CERTIFICATE).isPresent();
    return (tls ? "https://" : "http://") + StatusServer.text(address);
  }
}

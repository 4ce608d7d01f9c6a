package org.vhostwatch.config;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.vhostwatch.log.LogFormat;
import org.vhostwatch.log.Priority;
import org.vhostwatch.probe.Mode;

/** Every key, in the order in which they are shown. */
public final class Keys {

  public static final Key<InetSocketAddress> LISTEN =
      new Key<>(
          "listen",
          Kind.address(),
          "127.0.0.1:19739",
          false,
          "Where to serve metrics and status: in plain HTTP without authentication, if nothing else"
              + " is said");

  public static final Key<Optional<Path>> TLS_CERTIFICATE =
      new Key<>(
          "tls-certificate",
          Kind.pathOr("FILE", "none"),
          "none",
          false,
          "PEM file with the certificate to serve HTTPS with, and those between it and its root;"
              + " a reload reads the file again");

  public static final Key<Optional<Path>> TLS_KEY =
      new Key<>(
          "tls-key",
          Kind.pathOr("FILE", "none"),
          "none",
          false,
          "PEM file with the key of the certificate (PKCS #8, not encrypted), which not everybody"
              + " may be able to read; a reload reads the file again");

  public static final Key<Optional<Path>> AUTH_FILE =
      new Key<>(
          "auth-file",
          Kind.pathOr("FILE", "none"),
          "none",
          true,
          "File of those who may ask, with lines that `vhostwatch password` prints, which not"
              + " everybody may be able to read; a reload reads the file again");

  public static final Key<Duration> CONFIRM =
      new Key<>(
          "confirm",
          Kind.time("1s", "10m"),
          "3s",
          true,
          "How long a spin lasts before it is a livelock");

  public static final Key<Duration> CENSUS_PERIOD =
      new Key<>(
          "census-period",
          Kind.time("10s", "24h"),
          "60s",
          true,
          "Time between two censuses of a quiet host");

  public static final Key<Mode> MODE =
      new Key<>(
          "mode",
          Kind.mode(),
          "sentinel",
          false,
          "What stays attached while nothing is wrong (sentinel: a probe that healthy traffic never"
              + " reaches; on-demand: nothing, the sentinel comes while a worker is busy;"
              + " continuous: also probes on each packet, for labs)");

  public static final Key<Integer> MAX_CPU =
      new Key<>(
          "max-cpu",
          Kind.limit("PERCENT", "a whole percentage of one CPU", 1, 1000),
          "20",
          true,
          "Ceiling of the CPU time of agent and bpftrace together in five minutes, in percent of"
              + " one CPU");

  public static final Key<Long> MAX_MEMORY =
      new Key<>(
          "max-memory",
          Kind.size("64M", "1024G"),
          "384M",
          true,
          "Ceiling of the resident memory of agent and bpftrace together, held for a minute");

  public static final Key<Boolean> AUTO_MITIGATE =
      new Key<>(
          "auto-mitigate",
          Kind.flag(),
          "no",
          false,
          "On an affected kernel, turn offloads of exposed taps off without being asked, as"
              + " `vhostwatch mitigate --apply` does; without it the daemon changes nothing; the"
              + " service may do so only with CapabilityBoundingSet=CAP_NET_ADMIN in a drop-in");

  public static final Key<Duration> MITIGATE_COOLDOWN =
      new Key<>(
          "mitigate-cooldown",
          Kind.time("1s", "24h"),
          "60s",
          true,
          "Least time between two batches of changes by auto-mitigate");

  public static final Key<Integer> MITIGATE_LIMIT =
      new Key<>(
          "mitigate-limit",
          Kind.number("N", "a whole number of taps", 1, 1000),
          "20",
          true,
          "Most taps that auto-mitigate changes in any hour");

  public static final Key<List<String>> ON_INCIDENT =
      new Key<>(
          "on-incident",
          Kind.command(),
          "none",
          false,
          "Program to run when an incident begins, begins again or ends, with the incident as JSON"
              + " on its standard input; never through a shell, one at a time, for 30 s at most");

  public static final Key<List<URI>> ALERTMANAGER_URL =
      new Key<>(
          "alertmanager-url",
          Kind.urls(),
          "none",
          false,
          "Alertmanagers to tell of livelocks directly, where no Prometheus does");

  public static final Key<Optional<Path>> TEXTFILE_DIR =
      new Key<>(
          "textfile-dir",
          Kind.pathOr("FOLDER", "none"),
          "none",
          false,
          "Folder of node_exporter's textfile collector, where a file of metrics is kept up to"
              + " date; the service may write there only with ReadWritePaths=");

  public static final Key<Path> STATE_DIR =
      new Key<>(
          "state-dir",
          Kind.path("FOLDER"),
          "/var/lib/vhostwatch",
          false,
          "Folder of what is kept beyond a run; the service may write to another only with"
              + " ReadWritePaths=");

  public static final Key<Optional<Path>> BPFTRACE =
      new Key<>(
          "bpftrace",
          Kind.pathOr("PATH", "auto"),
          "auto",
          false,
          "Where bpftrace is (auto: in one of the usual folders)");

  public static final Key<Optional<Path>> SCRIPTS =
      new Key<>(
          "scripts",
          Kind.pathOr("FOLDER", "auto"),
          "auto",
          false,
          "Folder of the bpftrace scripts (auto: the installed one)");

  public static final Key<Priority> LOG_LEVEL =
      new Key<>(
          "log-level",
          Kind.priority(),
          "info",
          true,
          "Least priority of the events that are logged; incidents keep their lines whatever it"
              + " is");

  public static final Key<LogFormat> LOG_FORMAT =
      new Key<>(
          "log-format",
          Kind.logFormat(),
          "auto",
          true,
          "How lines of the log are written (auto: as the journal wants it if stderr goes there,"
              + " for people on a terminal, else as text; json: an object a line)");

  /** All of them. */
  public static final List<Key<?>> ALL =
      List.of(
          LISTEN,
          TLS_CERTIFICATE,
          TLS_KEY,
          AUTH_FILE,
          CONFIRM,
          CENSUS_PERIOD,
          MODE,
          MAX_CPU,
          MAX_MEMORY,
          AUTO_MITIGATE,
          MITIGATE_COOLDOWN,
          MITIGATE_LIMIT,
          ON_INCIDENT,
          ALERTMANAGER_URL,
          TEXTFILE_DIR,
          STATE_DIR,
          BPFTRACE,
          SCRIPTS,
          LOG_LEVEL,
          LOG_FORMAT);

  private Keys() {}

  /** Returns the key of this name. */
  public static Optional<Key<?>> named(String name) {
    return ALL.stream().filter(key -> key.name().equals(name)).findFirst();
  }
}

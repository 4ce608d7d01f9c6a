package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Key;
import org.vhostwatch.config.Keys;
import org.vhostwatch.config.Origin.Source;
import org.vhostwatch.config.Setting;
import org.vhostwatch.daemon.DaemonOptions;
import org.vhostwatch.daemon.MitigationOptions;
import org.vhostwatch.log.LogFormat;
import org.vhostwatch.log.Priority;
import org.vhostwatch.probe.Mode;
import picocli.CommandLine;

/** Of every key: its default, its mapping from each source to what it changes, what it refuses. */
class KeysTest {

  /**
   * A case.
   *
   * @param fallback what the default means
   * @param text another value, and what that means
   * @param use where the value arrives in the daemon
   * @param refused what is no value
   */
  record Case(
      Key<?> key,
      Object fallback,
      String text,
      Object value,
      Function<Configuration, Object> use,
      List<String> refused) {

    @Override
    public String toString() {
      return key.name();
    }
  }

  static final List<Case> CASES =
      List.of(
          new Case(
              Keys.LISTEN,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 19739),
              "[::1]:80",
              new InetSocketAddress(sixth(), 80),
              configuration -> configuration.get(Keys.LISTEN),
              List.of(
                  "19739",
                  "127.0.0.1",
                  "127.0.0.1:65536",
                  "a b:1",
                  ":1",
                  "[::1:80",
                  "999.1.1.1:1",
                  "1.2.3:1",
                  "-x:1",
                  "[1]:1",
                  "h\u00f6st:1")),
          new Case(
              Keys.TLS_CERTIFICATE,
              Optional.empty(),
              "/etc/tls/host.pem",
              Optional.of(Path.of("/etc/tls/host.pem")),
              configuration -> configuration.get(Keys.TLS_CERTIFICATE),
              List.of("host.pem", "None")),
          new Case(
              Keys.TLS_KEY,
              Optional.empty(),
              "/etc/tls/host.key",
              Optional.of(Path.of("/etc/tls/host.key")),
              configuration -> configuration.get(Keys.TLS_KEY),
              List.of("host.key", "None")),
          new Case(
              Keys.AUTH_FILE,
              Optional.empty(),
              "/etc/vhostwatch/users",
              Optional.of(Path.of("/etc/vhostwatch/users")),
              configuration -> configuration.get(Keys.AUTH_FILE),
              List.of("users", "None")),
          new Case(
              Keys.CONFIRM,
              Duration.ofSeconds(3),
              "10m",
              Duration.ofMinutes(10),
              options(options -> options.settings().confirm()),
              List.of("999ms", "601s", "3", "3 s", "-3s", "3d", "1e3s")),
          new Case(
              Keys.CENSUS_PERIOD,
              Duration.ofSeconds(60),
              "24h",
              Duration.ofHours(24),
              options(DaemonOptions::censusPeriod),
              List.of("9s", "25h", "60", "daily")),
          new Case(
              Keys.MODE,
              Mode.SENTINEL,
              "on-demand",
              Mode.ON_DEMAND,
              options(DaemonOptions::mode),
              List.of("on_demand", "SENTINEL", "always")),
          new Case(
              Keys.MAX_CPU,
              20,
              "1000",
              1000,
              options(options -> (int) Math.round(100 * options.ceiling().cpuShare())),
              List.of("-1", "1001", "20%", "0.5", "99999999999")),
          new Case(
              Keys.MAX_MEMORY,
              384L << 20,
              "2G",
              2L << 30,
              options(options -> options.ceiling().residentBytes()),
              List.of("63M", "1025G", "512", "512m", "1.5G", "-1M", "9999999G", "M", "0x1M")),
          new Case(
              Keys.AUTO_MITIGATE,
              false,
              "yes",
              true,
              options(options -> options.mitigation().isPresent()),
              List.of("true", "1", "YES", "on")),
          new Case(
              Keys.MITIGATE_COOLDOWN,
              Duration.ofSeconds(60),
              "1s",
              Duration.ofSeconds(1),
              options(options -> mitigation(options).cooldown()),
              List.of("0s", "25h", "60")),
          new Case(
              Keys.MITIGATE_LIMIT,
              20,
              "1",
              1,
              options(options -> mitigation(options).perHour()),
              List.of("0", "1001", "-1", "many")),
          new Case(
              Keys.ON_INCIDENT,
              List.of(),
              "/usr/local/sbin/page --team  net",
              List.of("/usr/local/sbin/page", "--team", "net"),
              configuration -> configuration.get(Keys.ON_INCIDENT),
              List.of("page", "./page", "None")),
          new Case(
              Keys.ALERTMANAGER_URL,
              List.of(),
              "http://am1:9093 https://am2/base/",
              List.of(URI.create("http://am1:9093"), URI.create("https://am2/base/")),
              configuration -> configuration.get(Keys.ALERTMANAGER_URL),
              List.of("am1:9093", "ftp://am1", "http://user:secret@am1", "http://", "http://a/?q")),
          new Case(
              Keys.TEXTFILE_DIR,
              Optional.empty(),
              "/var/lib/prometheus/node-exporter",
              Optional.of(Path.of("/var/lib/prometheus/node-exporter")),
              configuration -> configuration.get(Keys.TEXTFILE_DIR),
              List.of("textfile", "None")),
          new Case(
              Keys.STATE_DIR,
              Path.of("/var/lib/vhostwatch"),
              "/srv/state",
              Path.of("/srv/state"),
              options(options -> options.state().path()),
              List.of("state", "../state")),
          new Case(
              Keys.BPFTRACE,
              Optional.empty(),
              "/opt/bpftrace",
              Optional.of(Path.of("/opt/bpftrace")),
              options(options -> options.probes().bpftrace()),
              List.of("bpftrace", "Auto")),
          new Case(
              Keys.SCRIPTS,
              Optional.empty(),
              "/opt/scripts",
              Optional.of(Path.of("/opt/scripts")),
              options(
                  options ->
                      Optional.of(options.probes().scripts())
                          .filter(folder -> !folder.equals(Path.of(".", "bpf-scripts")))),
              List.of("scripts")),
          new Case(
              Keys.LOG_LEVEL,
              Priority.INFO,
              "debug",
              Priority.DEBUG,
              configuration -> configuration.get(Keys.LOG_LEVEL),
              List.of("INFO", "warn", "err", "7", "all")),
          new Case(
              Keys.LOG_FORMAT,
              LogFormat.AUTO,
              "json",
              LogFormat.JSON,
              configuration -> configuration.get(Keys.LOG_FORMAT),
              List.of("JSON", "plain", "journald")));

  private @TempDir Path folder = Path.of("");

  /** Returns the loopback address of IPv6. */
  private static InetAddress sixth() {
    byte[] bytes = new byte[16];
    bytes[15] = 1;
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private static Function<Configuration, Object> options(Function<DaemonOptions, Object> use) {
    return configuration -> use.apply(RunCommand.options(configuration));
  }

  private static MitigationOptions mitigation(DaemonOptions options) {
    return options.mitigation().orElseThrow();
  }

  @Test
  void thereIsACaseOfEveryKey() {
    assertThat(CASES).extracting(Case::key).containsExactlyElementsOf(Keys.ALL);
  }

  @ParameterizedTest
  @FieldSource("CASES")
  void nothingSaidIsTheDefault(Case wanted) throws IOException {
    Configuration.Found found = find(Map.of(), Map.of(), "");
    assertThat(found.problems()).isEmpty();
    assertSet(found, wanted.key(), wanted.fallback(), Source.DEFAULT);
    // Limits of mitigation arrive only where there is one.
    assertThat(wanted.use().apply(find(Map.of(), Map.of(), beside(wanted)).configuration()))
        .isEqualTo(wanted.fallback());
  }

  @ParameterizedTest
  @FieldSource("CASES")
  void eachSourceArrivesAndOutdoesTheOneBelow(Case wanted) throws IOException {
    Key<?> key = wanted.key();
    String line = key.name() + " = " + wanted.text() + "\n" + beside(wanted);
    assertArrives(wanted, find(Map.of(), Map.of(), line), Source.FILE);
    String below = key.name() + " = " + key.fallback() + "\n" + beside(wanted);
    Map<String, String> variable = Map.of(key.variable(), wanted.text());
    assertArrives(wanted, find(Map.of(), variable, below), Source.ENVIRONMENT);
    Map<String, String> fallback = Map.of(key.variable(), key.fallback());
    assertArrives(wanted, find(Map.of(key, wanted.text()), fallback, below), Source.COMMAND_LINE);
  }

  @ParameterizedTest
  @FieldSource("CASES")
  void whatIsNoValueIsRefusedWithWhatIsRight(Case wanted) throws IOException {
    Key<?> key = wanted.key();
    for (String text : wanted.refused()) {
      Configuration.Found found =
          find(Map.of(), Map.of(), "\n" + key.name() + "=" + text + "\n" + beside(wanted));
      assertThat(found.problems()).as(text).hasSize(1);
      assertThat(found.problems().get(0).text())
          .startsWith(found.file() + ":2: " + key.name() + ": '" + text + "' is ")
          .endsWith("; right is " + key.kind().right());
      assertThat(found.configuration().setting(key).value()).isEqualTo(wanted.fallback());
    }
  }

  @ParameterizedTest
  @FieldSource("CASES")
  void theOptionOfTheDaemonTakesTheSameTexts(Case wanted) {
    Key<?> key = wanted.key();
    Path file = folder.resolve("x.conf");
    assertThat(parse(key.option() + "=" + wanted.text())).isEqualTo("ok");
    for (String text : wanted.refused()) {
      StringWriter err = new StringWriter();
      CommandLine program = Vhostwatch.commandLine().setErr(new PrintWriter(err, true));
      assertThat(program.execute("run", "--config", file.toString(), key.option() + "=" + text))
          .as(text)
          .isEqualTo(64);
      assertThat(err.toString()).contains(key.option(), text, key.kind().right());
    }
  }

  /** Parses only: the command is not run. */
  private static String parse(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "run";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Vhostwatch.commandLine().parseArgs(all).hasSubcommand() ? "ok" : "no command";
  }

  private static String beside(Case wanted) {
    if (wanted.key().equals(Keys.TLS_CERTIFICATE)) {
      return "tls-key = /k\n";
    }
    if (wanted.key().equals(Keys.TLS_KEY)) {
      return "tls-certificate = /c\n";
    }
    return wanted.key().name().startsWith("mitigate-") ? "auto-mitigate = yes\n" : "";
  }

  private static void assertArrives(Case wanted, Configuration.Found found, Source source) {
    assertThat(found.problems()).isEmpty();
    assertSet(found, wanted.key(), wanted.value(), source);
    assertThat(wanted.use().apply(found.configuration())).isEqualTo(wanted.value());
  }

  private static void assertSet(
      Configuration.Found found, Key<?> key, @Nullable Object value, Source source) {
    Setting<?> setting = found.configuration().setting(key);
    assertThat(setting.value()).isEqualTo(value);
    assertThat(setting.origin().source()).isEqualTo(source);
  }

  private Configuration.Found find(
      Map<Key<?>, String> commandLine, Map<String, String> environment, String content)
      throws IOException {
    Path file = folder.resolve("vhostwatch.conf");
    Files.writeString(file, content);
    return Configuration.find(commandLine, environment, file, false);
  }
}

package org.vhostwatch.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.http.PasswordHash;
import org.vhostwatch.http.Protection;
import org.vhostwatch.http.Sources;
import org.vhostwatch.http.StatusServer;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Samples;
import org.vhostwatch.report.StatusReport;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.QueueStatus;

/** The command against the real server. */
class StatusCommandTest {

  @Test
  void aLivelockIsCriticalInOneLine() throws Exception {
    Ran ran = ask(Samples.snapshot(), Protection.NONE, "--plugin");
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.out())
        .isEqualTo(
            "VHOSTWATCH CRITICAL - 1 of 2 queues livelocked: VM web01, tap vnet3, queue 0"
                + " | livelocked=1;;0;0 stalled=0;0;;0 spinning=0;0;;0 unknown=0;;;0 queues=2;;;0"
                + " workers=2;;;0 unexplained=0;0;;0\n");
  }

  @Test
  void nothingWrongIsOk() throws Exception {
    Ran ran = ask(Samples.snapshot(List.of()), Protection.NONE, "--plugin");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).startsWith("VHOSTWATCH OK - 0 queues, none in trouble | livelocked=0;");
  }

  @Test
  void aSpareHostWithoutVhostNetIsOk() throws Exception {
    Ran ran = ask(Samples.idle(List.of()), Protection.NONE, "--plugin");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out())
        .startsWith(
            "VHOSTWATCH OK - 0 queues, none in trouble; the module vhost_net is not loaded | ");
    assertThat(ask(Samples.idle(List.of()), Protection.NONE).out())
        .contains("the module vhost_net is not loaded\n")
        .doesNotContain("trouble:");
  }

  @Test
  void whatADaemonSawThatStandsStillIsUnknown() throws Exception {
    DaemonStatus calm = standing(Samples.snapshot(List.of()));
    assertThat(calm.exitCode()).isEqualTo(3);
    assertThat(calm.plugin())
        .startsWith("VHOSTWATCH UNKNOWN - it stands still; it saw last: 0 queues, none in trouble");
    assertThat(standing(Samples.snapshot()).exitCode()).isEqualTo(2);
  }

  private static DaemonStatus standing(HostSnapshot snapshot) throws IOException {
    return DaemonStatus.parse(StatusReport.of(snapshot, Optional.of("it stands still")));
  }

  @Test
  void aWorkerWithoutAKnownCauseIsAWarning() throws Exception {
    HostSnapshot host =
        Samples.snapshot(List.of())
            .withUnexplained(List.of(Samples.unexplained("db02", Samples.worker(5002, 5000, 77))));
    Ran ran = ask(host, Protection.NONE, "--plugin");
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out())
        .startsWith("VHOSTWATCH WARNING - ")
        .contains("1 worker busy without a known cause", " unexplained=1;");
    assertThat(ask(host, Protection.NONE, "--format", "json").exitCode()).isEqualTo(1);
  }

  @Test
  void aDaemonThatSeesLessThanItShouldIsAWarning() throws Exception {
    HostSnapshot calm = Samples.snapshot(List.of());
    HostSnapshot degraded =
        new HostSnapshot(
            calm.wallMillis(),
            calm.kernel(),
            List.of(),
            List.of(),
            Samples.probes(true, List.of("the census failed")),
            calm.totals(),
            calm.episodes(),
            calm.exposure(),
            calm.incidents(),
            calm.cost(),
            Map.of());
    Ran ran = ask(degraded, Protection.NONE, "--plugin");
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out())
        .startsWith("VHOSTWATCH WARNING - ")
        .contains("degraded: the census failed");
  }

  @Test
  void anInterfaceThatIsNotBroughtUpIsToldAndIsNoWarning() throws Exception {
    QueueStatus unused = Samples.notBroughtUp("web01", "vnet3");
    Ran ran = ask(Samples.snapshot(List.of(unused)), Protection.NONE, "--plugin");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out())
        .startsWith("VHOSTWATCH OK - 1 queue, none in trouble; 1 interface not brought up | ")
        .contains(" stalled=0;");
    List<QueueStatus> both = new ArrayList<>(Samples.snapshot().queues());
    both.add(unused);
    assertThat(ask(Samples.snapshot(both), Protection.NONE, "--plugin").out())
        .startsWith(
            "VHOSTWATCH CRITICAL - 1 of 3 queues livelocked: VM web01, tap vnet3, queue 0 |");
    assertThat(ask(Samples.snapshot(List.of(unused)), Protection.NONE).out())
        .contains("STALLED  VM web01, tap vnet3, queue 0");
  }

  @Test
  void whatAVmIsCalledCannotBreakTheLine() throws Exception {
    String name = "a|b\nc=1;;\u001b[31m";
    Ran ran =
        ask(
            Samples.snapshot(
                List.of(
                    new QueueStatus(
                        name,
                        Optional.empty(),
                        new TapPort(name, 12, "br0", 4026531840L, 0, true),
                        Samples.livelocked(1, 5, 6, name, 0),
                        1_000))),
            Protection.NONE,
            "--plugin");
    assertThat(ran.out()).hasLineCount(1).contains("a/b\\u{a}c").doesNotContain("\u001b");
    assertThat(ran.out().chars().filter(each -> each == '|')).hasSize(1);
  }

  @Test
  void peopleGetLines() throws Exception {
    Ran ran = ask(Samples.snapshot(), Protection.NONE);
    assertThat(ran.out())
        .contains("1 of 2 queues livelocked\n", "  LIVELOCKED  VM web01, tap vnet3, queue 0: ")
        .contains("kernel: affected\n");
  }

  @Test
  void aDaemonThatDoesNotAnswerIsUnknown() throws Exception {
    Ran plugin = run("--plugin", "--listen", "127.0.0.1:1");
    assertThat(plugin.exitCode()).isEqualTo(3);
    assertThat(plugin.out()).startsWith("VHOSTWATCH UNKNOWN - no daemon answers at");
    Ran words = run("--listen", "127.0.0.1:1");
    assertThat(words.exitCode()).isEqualTo(3);
    assertThat(words.err()).contains("no daemon answers");
  }

  @Test
  void aNameThatNobodyKnowsIsUnknownAndNoWrongConfiguration() {
    Ran ran = run("--listen", "no-such-host.invalid:1");
    assertThat(ran.exitCode()).isEqualTo(3);
    assertThat(ran.err()).contains("no-such-host.invalid: no such host");
  }

  @Test
  void aDaemonThatAsksForAPasswordGetsIt(@TempDir Path folder) throws Exception {
    Path users = write(folder, "users", "icinga:" + PasswordHash.of("12345678".toCharArray()));
    Path password = write(folder, "password", "12345678\n");
    Protection protection = Protection.read(Optional.empty(), Optional.empty(), Optional.of(users));
    Ran without = ask(Samples.snapshot(), protection, "--plugin");
    assertThat(without.exitCode()).isEqualTo(3);
    assertThat(without.out()).contains("--password-file");
    Ran with = askAsIcinga(protection, password);
    assertThat(with.exitCode()).isEqualTo(2);
    Path wrong = write(folder, "wrong", "87654321\n");
    Ran refused = askAsIcinga(protection, wrong);
    assertThat(refused.exitCode()).isEqualTo(3);
    assertThat(refused.out())
        .startsWith("VHOSTWATCH UNKNOWN - the daemon refuses this user and password")
        .hasLineCount(1);
  }

  @Test
  void aPluginPrintsNoJson() {
    Ran ran = run("--plugin", "--format", "json");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(ran.err()).contains("--plugin", "--format json");
    assertThat(ran.out()).isEmpty();
  }

  private static Ran askAsIcinga(Protection protection, Path password) throws Exception {
    return ask(
        Samples.snapshot(),
        protection,
        "--plugin",
        "--user",
        "icinga",
        "--password-file",
        password.toString());
  }

  @Test
  void aPasswordFileThatCannotBeReadIsNamedWithTheOptionAndTheReason(@TempDir Path folder)
      throws Exception {
    Path none = folder.resolve("none");
    assertThat(run("--user", "icinga", "--password-file", none.toString()).err())
        .contains("--password-file " + none + ": there is no such file");
    Path latin = Files.write(folder.resolve("latin"), new byte[] {(byte) 0xe4, '\n'});
    assertThat(run("--user", "icinga", "--password-file", latin.toString()).err())
        .contains("--password-file " + latin + ": not text in UTF-8");
    // Root may read all: the words alone.
    assertThat(DaemonClient.why(new AccessDeniedException("x")))
        .isEqualTo("this user may not read it");
  }

  @Test
  void aDaemonThatHangsIsToldFromNone() throws Exception {
    try (ServerSocket hangs = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      URI url = URI.create("http://127.0.0.1:" + hangs.getLocalPort() + "/api/v1/threads");
      assertThatThrownBy(
              () -> DaemonClient.get(url, Optional.empty(), "", "", Duration.ofSeconds(1)))
          .hasMessageContaining(url + " does not answer within 1 s: `systemctl status");
    }
  }

  @Test
  void whatServesNoTlsIsNamedWithTheRemedy() throws Exception {
    try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread serves = new Thread(() -> answerInTheClear(plain));
      serves.setDaemon(true);
      serves.start();
      URI url = URI.create("https://127.0.0.1:" + plain.getLocalPort() + "/api/v1/threads");
      assertThatThrownBy(() -> DaemonClient.get(url, Optional.empty(), "", ""))
          .hasMessageStartingWith(url + ": the daemon must serve the certificate in tls-cert")
          .hasMessageContaining("restart it after a change of the path (");
    }
  }

  @Test
  void whatIsLongAndOddIsSaidWholeAndSpelledOutOnce(@TempDir Path folder) {
    String odd = folder.resolve("a\u0007b" + "x".repeat(200) + "/" + "y".repeat(200)).toString();
    Ran ran = run("--listen", "127.0.0.1:1", "--tls-certificate", odd);
    assertThat(ran.err())
        .contains("/a\\u{7}bxxx", "y: there is no such file")
        .doesNotContain("\\\\");
    Ran plugin = run("--plugin", "--listen", "127.0.0.1:1", "--tls-certificate", odd);
    assertThat(plugin.out()).contains("/a\\u{7}bxxx", "y: there is no such file");
  }

  private static void answerInTheClear(ServerSocket server) {
    try (Socket client = server.accept()) {
      client.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
      client.getOutputStream().flush();
      // Closed with something unread, a connection is reset, and the answer may be lost.
      client.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // The client has gone, or the test has failed already.
    }
  }

  @Test
  void aCertificateThatIsNotThereIsNamed(@TempDir Path folder) {
    Path none = folder.resolve("none.pem");
    assertThatThrownBy(
            () -> DaemonClient.get(URI.create("https://127.0.0.1:1/"), Optional.of(none), "", ""))
        .hasMessage("tls-certificate " + none + ": there is no such file");
  }

  @Test
  void whoAsksTheDaemonOfAnotherHostNeedsItsCertificateAndNotItsKey(@TempDir Path folder) {
    String none = folder.resolve("none.pem").toString();
    Ran ran = Ran.of("status", "--listen", "127.0.0.1:1", "--tls-certificate", none);
    assertThat(ran.err()).contains(none + ": there is no such file");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.UNKNOWN);
  }

  private static Path write(Path folder, String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private static Ran ask(HostSnapshot snapshot, Protection protection, String... arguments)
      throws IOException {
    Sources sources =
        new Sources(
            () -> snapshot,
            (format, out) -> {},
            () -> Duration.ZERO,
            Duration.ofSeconds(30),
            () -> "",
            id -> Optional.empty(),
            Optional::empty,
            "");
    try (StatusServer server =
        StatusServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), sources, protection)) {
      String[] all = new String[arguments.length + 2];
      System.arraycopy(arguments, 0, all, 2, arguments.length);
      all[0] = "--listen";
      all[1] = "127.0.0.1:" + server.address().getPort();
      return run(all);
    }
  }

  private static Ran run(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "status";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Ran.of(all);
  }
}

package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.report.Samples;

/** TLS and passwords, with files as operators have them. */
class ProtectionTest {

  private static final char[] STORE = "changeit".toCharArray();

  private Path folder = Path.of("");

  @BeforeEach
  void folder(@TempDir Path given) {
    folder = given;
  }

  @Test
  void whoHasThePasswordMayAsk() throws Exception {
    try (Serving serving = serving(users("ops", "correct horse"))) {
      HttpResponse<String> nobody = get(serving, "/metrics", "");
      assertThat(nobody.statusCode()).isEqualTo(401);
      assertThat(nobody.headers().firstValue("WWW-Authenticate").orElse("")).contains("Basic");
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isEqualTo(200);
      assertThat(get(serving, "/", "ops:correct horse").statusCode()).isEqualTo(200);
      // They say nothing of VMs, and who asks them often has no password.
      assertThat(get(serving, "/-/healthy", "").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void wrongPasswordsAreRefusedAndCannotBeTriedInARow() throws Exception {
    try (Serving serving = serving(users("ops", "correct horse"))) {
      assertThat(get(serving, "/metrics", "ops:wrong").statusCode()).isEqualTo(401);
      HttpResponse<String> again = get(serving, "/metrics", "other:-");
      assertThat(again.statusCode()).isEqualTo(429);
      assertThat(again.headers().firstValue("Retry-After")).contains("1");
    }
  }

  @Test
  void whoWasLetInIsNotKeptOutByThoseWhoGuess() throws Exception {
    try (Serving serving = serving(users("ops", "correct horse"))) {
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isEqualTo(200);
      assertThat(get(serving, "/metrics", "ops:wrong").statusCode()).isEqualTo(401);
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whoWasLetInIsNotKeptOutAfterAReloadEither() throws Exception {
    Path users = users("ops", "correct horse");
    try (Serving serving = serving(users)) {
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isEqualTo(200);
      serving.server().protect(read(Optional.empty(), Optional.of(users)));
      assertThat(get(serving, "/metrics", "ops:wrong").statusCode()).isEqualTo(401);
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isEqualTo(200);
      serving.server().protect(read(Optional.empty(), Optional.of(users("ops", "another"))));
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isNotEqualTo(200);
    }
  }

  @Test
  void otherPasswordsCountAtOnce() throws Exception {
    try (Serving serving = serving(users("ops", "correct horse"))) {
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isEqualTo(200);
      serving.server().protect(read(Optional.empty(), Optional.of(users("new", "battery staple"))));
      assertThat(get(serving, "/metrics", "new:battery staple").statusCode()).isEqualTo(200);
      assertThat(get(serving, "/metrics", "ops:correct horse").statusCode()).isEqualTo(401);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Basic",
        "Basic !!!",
        "Basic b3Bz",
        "Bearer x",
        "basic ",
        "Basic AAAAAAAAAAAAAAAA"
      })
  void whatIsNoCredentialIsRefused(String header) {
    Access access =
        new Access(
            new Protection(
                Optional.empty(),
                Optional.of(java.util.Map.of("ops", PasswordHash.of("12345678".toCharArray())))));
    assertThat(access.refused(header, InetAddress.getLoopbackAddress()).orElseThrow().status())
        .isEqualTo(401);
  }

  @Test
  void nobodyHasNoPasswordAndTakesAsLongToCheckAsAnybody() {
    PasswordHash nobody = PasswordHash.ofNobody();
    assertThat(nobody.matches(new char[0])).isFalse();
    assertThat(nobody.matches("-".toCharArray())).isFalse();
    assertThat(rounds(nobody)).isEqualTo(rounds(PasswordHash.of("x".toCharArray())));
  }

  private static String rounds(PasswordHash hash) {
    return hash.toString().split("\\$", -1)[2];
  }

  @Test
  void aHashMadeByAnotherProgramIsUnderstood() {
    // passlib: pbkdf2_sha256.using(rounds=10000, salt=b"0123456789abcdef").hash("correct horse")
    String made = PasswordHash.of("correct horse".toCharArray()).toString();
    assertThat(PasswordHash.parse(made).orElseThrow().matches("correct horse".toCharArray()))
        .isTrue();
    assertThat(PasswordHash.parse(made).orElseThrow().matches("Correct horse".toCharArray()))
        .isFalse();
    assertThat(PasswordHash.parse(PASSLIB).orElseThrow().matches("correct horse".toCharArray()))
        .isTrue();
  }

  private static final String PASSLIB =
      "$pbkdf2-sha256$10000$MDEyMzQ1Njc4OWFiY2RlZg$TI2grtvV1HW5nz2rBY4tctlrmOj5bZs0dw9j8NHpRRc";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ops:plain",
        "$pbkdf2-sha256$210000$c2FsdA$aGFzaA",
        ":$pbkdf2-sha256$210000$c2FsdHNhbHRzYWx0$x",
        "ops:$2y$05$abcdefghijklmnopqrstuv",
        ""
      })
  void aFileOfUsersThatIsNoneIsRefusedWithoutAWordOfIt(String line) throws IOException {
    Path file = write("users", line + "\n", "rw-------");
    assertThatThrownBy(() -> read(Optional.empty(), Optional.of(file)))
        .isInstanceOf(Protection.UnusableException.class)
        .hasMessageContaining("vhostwatch password USER")
        .hasMessageNotContainingAny("plain", "c2FsdA", "2y");
  }

  @Test
  void whatOthersCanReadOrWriteIsRefused() throws IOException {
    Path users = users("ops", "correct horse");
    Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> read(Optional.empty(), Optional.of(users)))
        .hasMessageContaining("readable by everybody");
    Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-rw----"));
    assertThatThrownBy(() -> read(Optional.empty(), Optional.of(users)))
        .hasMessageContaining("writable by others");
    assertThatThrownBy(() -> read(Optional.empty(), Optional.of(folder.resolve("absent"))))
        .hasMessageContaining("there is no such file");
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void httpsIsServedWithTheCertificateAndAnotherOneAfterAReload(String algorithm) throws Exception {
    Path first = certificate("first", algorithm);
    Path second = certificate("second", algorithm);
    try (Serving serving =
        new Serving(
            Samples::snapshot,
            read(Optional.of(first), Optional.empty()),
            RequestThreads.Limits.DEFAULT)) {
      assertThat(subject(serving, first)).contains("CN=first");
      serving.server().protect(read(Optional.of(second), Optional.empty()));
      assertThat(subject(serving, second)).contains("CN=second");
    }
  }

  @Test
  void keyAndCertificateMustBelongTogether() throws Exception {
    Path one = certificate("one", "EC");
    Path other = certificate("other", "EC");
    assertThatThrownBy(
            () -> Protection.read(Optional.of(one), Optional.of(key(other)), Optional.empty()))
        .hasMessageContaining("not the key of the first certificate");
    Path rsa = certificate("rsa", "RSA");
    assertThatThrownBy(
            () -> Protection.read(Optional.of(one), Optional.of(key(rsa)), Optional.empty()))
        .hasMessageContaining("EC");
    Path old =
        write(
            "old.key",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
            "rw-------");
    assertThatThrownBy(() -> Protection.read(Optional.of(one), Optional.of(old), Optional.empty()))
        .hasMessageContaining("openssl pkcs8 -topk8");
    Path none = write("none.pem", "nothing\n", "rw-r--r--");
    assertThatThrownBy(
            () -> Protection.read(Optional.of(none), Optional.of(key(one)), Optional.empty()))
        .hasMessageContaining("none.pem");
  }

  @Test
  void clientsThatNeverEndTheirHandshakeKeepNobodyOut() throws Exception {
    Path file = certificate("host", "EC");
    try (Serving serving =
        new Serving(
            Samples::snapshot,
            read(Optional.of(file), Optional.empty()),
            RequestThreads.Limits.DEFAULT)) {
      for (int i = 0; i < 100; i++) {
        serving.send("\u0016\u0003\u0001");
      }
      assertThat(subject(serving, file)).contains("CN=host");
    }
  }

  private static Serving serving(Path users) throws IOException {
    return new Serving(
        Samples::snapshot,
        read(Optional.empty(), Optional.of(users)),
        RequestThreads.Limits.DEFAULT);
  }

  private static Protection read(Optional<Path> certificate, Optional<Path> users)
      throws Protection.UnusableException {
    return Protection.read(certificate, certificate.map(ProtectionTest::key), users);
  }

  private Path users(String user, String password) throws IOException {
    return write(
        "users-" + user,
        "# who may ask\n\n" + user + ":" + PasswordHash.of(password.toCharArray()) + "\n",
        "rw-------");
  }

  private Path write(String name, String text, String mode) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    return file;
  }

  /** Makes a key and a certificate for 127.0.0.1 with the JDK's own tool. */
  private Path certificate(String name, String algorithm) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "x",
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=IP:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(STORE))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(store.toFile())) {
      keys.load(in, STORE);
    }
    write(name + ".key", pem("PRIVATE KEY", keys.getKey("x", STORE).getEncoded()), "rw-------");
    return write(
        name + ".pem", pem("CERTIFICATE", keys.getCertificate("x").getEncoded()), "rw-r--r--");
  }

  private static Path key(Path certificate) {
    return certificate.resolveSibling(certificate.getFileName().toString().replace(".pem", ".key"));
  }

  private static String pem(String what, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n";
  }

  /** Returns who the server says it is, to a client that trusts that certificate alone. */
  private static String subject(Serving serving, Path trusted) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = new FileInputStream(trusted.toFile())) {
      store.setCertificateEntry(
          "x", java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    HttpResponse<String> answer =
        HttpClient.newBuilder()
            .sslContext(context)
            .build()
            .send(
                HttpRequest.newBuilder(
                        URI.create("https://127.0.0.1:" + serving.port() + "/metrics"))
                    .timeout(Duration.ofSeconds(20))
                    .build(),
                BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    List<Certificate> chain = List.of(answer.sslSession().orElseThrow().getPeerCertificates());
    return ((X509Certificate) chain.get(0)).getSubjectX500Principal().getName();
  }

  private static HttpResponse<String> get(Serving serving, String path, String credentials)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + serving.port() + path));
    if (!credentials.isEmpty()) {
      request.header(
          "Authorization",
          "Basic "
              + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
    }
    return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
  }
}

package org.vhostwatch.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;

/** Asks the daemon on this host. */
final class DaemonClient {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** The status of thousands of queues is some megabytes. */
  private static final int MAX_BYTES = 64 << 20;

  private DaemonClient() {}

  /**
   * Returns what it answers.
   *
   * @param certificate the file that the daemon has its own from: no other is trusted
   * @param user who asks, empty if the daemon need not know
   * @throws IOException if it does not answer, or not so; the message says why and what to do
   */
  static String get(URI url, Optional<Path> certificate, String user, String password)
      throws IOException {
    return get(url, certificate, user, password, TIMEOUT);
  }

  /**
   * Otherwise as {@link #get(URI, Optional, String, String)}.
   *
   * @param timeout to connect, and for each read
   */
  static String get(
      URI url, Optional<Path> certificate, String user, String password, Duration timeout)
      throws IOException {
    HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection(Proxy.NO_PROXY);
    connection.setConnectTimeout((int) timeout.toMillis());
    connection.setReadTimeout((int) timeout.toMillis());
    connection.setInstanceFollowRedirects(false);
    if (certificate.isPresent() && connection instanceof HttpsURLConnection https) {
      https.setSSLSocketFactory(trusting(certificate.get()).getSocketFactory());
      // It is known by its certificate, which has the host's name and not the loopback address.
      https.setHostnameVerifier((name, session) -> true);
    }
    if (!user.isEmpty()) {
      byte[] credentials = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      connection.setRequestProperty(
          "Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
    }
    try {
      int status = connection.getResponseCode();
      if (status == 401) {
        throw new IOException(
            user.isEmpty()
                ? "the daemon asks for a password: give --user and --password-file"
                : "the daemon refuses this user and password: its auth-file has another, or was"
                    + " changed without a reload");
      }
      if (status != 200) {
        throw new IOException("the daemon answers " + status + " at " + url);
      }
      try (InputStream in = connection.getInputStream()) {
        return new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8);
      }
    } catch (ConnectException e) {
      throw new IOException("no daemon answers at " + url + ": `systemctl status vhostwatch`", e);
    } catch (SocketTimeoutException e) {
      throw new IOException(
          url
              + " does not answer within "
              + timeout.toSeconds()
              + " s: `systemctl status vhostwatch`",
          e);
    } catch (SSLException e) {
      throw new IOException(
          url
              + ": the daemon must serve the certificate in tls-certificate: reload it after a"
              + " renewal, restart it after a change of the path ("
              + e.getMessage()
              + ")",
          e);
    } catch (SocketException e) {
      throw new IOException(
          url
              + " cannot be asked: "
              + e.getMessage()
              + ("http".equals(url.getScheme())
                  ? "; if it serves HTTPS, give --tls-certificate"
                  : ""),
          e);
    } finally {
      connection.disconnect();
    }
  }

  private static SSLContext trusting(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      Certificate own = CertificateFactory.getInstance("X.509").generateCertificate(in);
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setCertificateEntry("daemon", own);
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("tls-certificate " + file + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new IOException("tls-certificate " + file + ": " + why(e), e);
    }
  }

  /** Returns why a file cannot be read, in words. */
  static String why(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "this user may not read it";
    }
    if (e instanceof CharacterCodingException) {
      return "not text in UTF-8";
    }
    return "cannot be read: " + e.getMessage();
  }
}

package org.vhostwatch.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/** Makes of PEM files what Java's TLS wants. */
final class Tls {

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z ]*)PRIVATE KEY-----([^-]*)-----END");

  private static final Map<String, String> SIGNATURES =
      Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");

  private Tls() {}

  static X509ExtendedKeyManager keys(Path certificate, byte[] chain, Path key, byte[] secret)
      throws Protection.UnusableException {
    Certificate[] certificates = certificates(certificate, chain);
    String algorithm = certificates[0].getPublicKey().getAlgorithm();
    PrivateKey own = key(key, secret, algorithm);
    if (!belongTogether(certificates[0], own, algorithm)) {
      throw new Protection.UnusableException(
          key, "not the key of the first certificate in " + certificate, null);
    }
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      char[] none = new char[0];
      store.setKeyEntry("vhostwatch", own, none, certificates);
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, none);
      return (X509ExtendedKeyManager) keys.getKeyManagers()[0];
    } catch (GeneralSecurityException | IOException e) {
      throw new Protection.UnusableException(certificate, "cannot be used: " + e.getMessage(), e);
    }
  }

  private static Certificate[] certificates(Path file, byte[] content)
      throws Protection.UnusableException {
    try {
      Certificate[] found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(content))
              .toArray(Certificate[]::new);
      if (found.length > 0) {
        return found;
      }
      throw new Protection.UnusableException(file, "has no certificate in PEM", null);
    } catch (CertificateException e) {
      throw new Protection.UnusableException(
          file, "has no certificate in PEM that can be read: " + e.getMessage(), e);
    }
  }

  private static PrivateKey key(Path file, byte[] content, String algorithm)
      throws Protection.UnusableException {
    Matcher pem = PEM.matcher(new String(content, StandardCharsets.ISO_8859_1));
    if (!pem.find()) {
      throw new Protection.UnusableException(file, "has no private key in PEM", null);
    }
    if (!pem.group(1).isEmpty()) {
      throw new Protection.UnusableException(
          file,
          "has a key that is encrypted or of an old form; `openssl pkcs8 -topk8 -nodes -in FILE`"
              + " makes one that is right",
          null);
    }
    try {
      byte[] bytes = Base64.getMimeDecoder().decode(pem.group(2));
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new Protection.UnusableException(
          file, "has no " + algorithm + " key, which the certificate wants", e);
    }
  }

  /** Else every client would fail, and say little. */
  private static boolean belongTogether(Certificate certificate, PrivateKey key, String algorithm) {
    byte[] message = {1, 2, 3};
    try {
      Signature signature = Signature.getInstance(SIGNATURES.getOrDefault(algorithm, algorithm));
      signature.initSign(key);
      signature.update(message);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}

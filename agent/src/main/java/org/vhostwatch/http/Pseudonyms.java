package org.vhostwatch.http;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vhostwatch.state.Sha256;

/**
 * Puts others in the place of addresses of the kernel, which say where it lies (kptr_restrict):
 * clients need not be root. The same address has the same one in all answers of this process.
 */
final class Pseudonyms {

  /** The upper half is the kernel's, with page tables of four levels and of five. */
  private static final Pattern ADDRESS =
      Pattern.compile("(?<![0-9A-Za-z])0x(ff[0-9a-f]{14})(?![0-9A-Za-z])");

  private static final long KERNEL = 0xffff_0000_0000_0000L;

  private final byte[] secret = new byte[32];

  Pseudonyms() {
    new SecureRandom().nextBytes(secret);
  }

  /** Returns a text without addresses of the kernel. */
  String in(String text) {
    MessageDigest hash = Sha256.digest();
    Matcher matcher = ADDRESS.matcher(text);
    return matcher.replaceAll(
        match -> "0x" + Long.toHexString(of(Long.parseUnsignedLong(match.group(1), 16), hash)));
  }

  private long of(long address, MessageDigest hash) {
    hash.update(secret);
    hash.update(ByteBuffer.allocate(Long.BYTES).putLong(address).array());
    return KERNEL | ByteBuffer.wrap(hash.digest()).getLong() >>> 16;
  }
}

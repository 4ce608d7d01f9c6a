package org.vhostwatch.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Damages inputs as disks, cut reads and people with bad intentions do. */
final class Mutations {

  /** What readers trip over. */
  private static final List<byte[]> WORDS =
      List.of(
          bytes("\u0000"),
          bytes("\n"),
          bytes("\r"),
          bytes("\u001b[2J"),
          bytes("\u2028"),
          bytes("\u202e"),
          bytes("-1"),
          bytes("4294967296"),
          bytes("18446744073709551615"),
          bytes("99999999999999999999999999"),
          bytes("0x"),
          bytes("1e999"),
          bytes("{"),
          bytes("}"),
          bytes("["),
          bytes("]"),
          bytes("\""),
          bytes("\\ud800"),
          bytes("null"),
          bytes("="),
          bytes(","),
          bytes(":"),
          bytes(" "),
          bytes("%00"),
          new byte[] {(byte) 0xff},
          new byte[] {(byte) 0xc3},
          new byte[] {(byte) 0xf0, (byte) 0x9f});

  private final SplittableRandom random;

  Mutations(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Returns one of the inputs, damaged. */
  byte[] of(List<byte[]> inputs, int maxBytes) {
    byte[] input = any(inputs).clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      input = once(input, inputs);
    }
    return input.length > maxBytes ? Arrays.copyOf(input, maxBytes) : input;
  }

  private byte[] once(byte[] input, List<byte[]> inputs) {
    int at = random.nextInt(input.length + 1);
    int end = at + random.nextInt(Math.min(input.length - at, 64) + 1);
    return switch (random.nextInt(7)) {
      case 0 -> spliced(input, at, at, any(WORDS));
      case 1 -> spliced(input, at, end, any(WORDS));
      case 2 -> spliced(input, at, end, new byte[0]);
      case 3 -> spliced(input, at, at, Arrays.copyOfRange(input, at, end));
      case 4 -> Arrays.copyOf(input, at);
      case 5 -> {
        byte[] other = any(inputs);
        yield spliced(
            input,
            at,
            input.length,
            Arrays.copyOfRange(other, Math.min(at, other.length), other.length));
      }
      default -> {
        byte[] flipped = input.clone();
        if (at < flipped.length) {
          flipped[at] ^= (byte) (1 << random.nextInt(8));
        }
        yield flipped;
      }
    };
  }

  private static byte[] spliced(byte[] input, int from, int to, byte[] between) {
    byte[] result = new byte[from + between.length + input.length - to];
    System.arraycopy(input, 0, result, 0, from);
    System.arraycopy(between, 0, result, from, between.length);
    System.arraycopy(input, to, result, from + between.length, input.length - to);
    return result;
  }

  private byte[] any(List<byte[]> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

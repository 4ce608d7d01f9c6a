package org.vhostwatch.drill;

import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the drill is to do. The constructor refuses what cannot work, or could not recover, with an
 * {@link IllegalArgumentException} that names the value. The ranges bound the memory of the guest
 * to 1024 buffers of 64 KiB, 64 MiB in all.
 *
 * @param behaviour what the guest does
 * @param tap name of the tap to create, 1 to 15 characters; null for the first free {@code
 *     vwdrillN}
 * @param frameBytes length of a frame with its Ethernet header, 67 to 65549; above 1514 it is sent
 *     as a GSO super-packet
 * @param buffers receive buffers posted at the start, 0 to {@code ringSize}
 * @param bufferBytes size of one, 128 to 65536
 * @param ringSize descriptors in the ring, a power of two, 2 to 1024
 * @param features what the guest accepts
 * @param duration length of the whole drill, 1 s to 1 day
 * @param refillAfter how long the guest starves; as long as {@code duration} but for {@link
 *     Behaviour#REFILL_AFTER}
 */
public record DrillOptions(
    Behaviour behaviour,
    @Nullable String tap,
    int frameBytes,
    int buffers,
    int bufferBytes,
    int ringSize,
    DrillFeatures features,
    Duration duration,
    Duration refillAfter) {

  /** Size in bytes of the virtio_net_hdr that vhost writes before each packet. */
  static final int HEADER_BYTES = 12;

  private static final Duration MAX_DURATION = Duration.ofDays(1);

  // '%' would make the kernel number the name; '/' and white space are refused by it.
  private static final Pattern TAP_NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");

  /** Checks each value by itself and that the whole can starve, and recover. */
  public DrillOptions {
    if (tap != null && (!TAP_NAME.matcher(tap).matches() || tap.equals(".") || tap.equals(".."))) {
      throw new IllegalArgumentException(
          "a tap name has 1 to 15 letters, digits, '_', '.' or '-': '" + tap + "'");
    }
    requireRange("frame length", frameBytes, TcpFrame.MIN_BYTES, TcpFrame.MAX_BYTES);
    requireRange("ring size", ringSize, 2, 1024);
    if (Integer.bitCount(ringSize) != 1) {
      throw new IllegalArgumentException("the ring size must be a power of two: " + ringSize);
    }
    requireRange("number of buffers", buffers, 0, ringSize);
    requireRange("buffer size", bufferBytes, 128, 65_536);
    if (duration.compareTo(Duration.ofSeconds(1)) < 0 || duration.compareTo(MAX_DURATION) > 0) {
      throw new IllegalArgumentException(
          "the drill lasts 1 s to 1 day: " + duration.toSeconds() + " s");
    }
    requireRecoverable(frameBytes, bufferBytes, ringSize, features);
    if (behaviour.starves()) {
      requireStarving(frameBytes, buffers, bufferBytes);
    }
    requireRefill(behaviour, duration, refillAfter);
  }

  /** Returns how many buffers the frame needs, its virtio_net_hdr included. */
  public int buffersPerFrame() {
    return buffersFor(frameBytes, bufferBytes);
  }

  private static int buffersFor(int frameBytes, int bufferBytes) {
    return (frameBytes + HEADER_BYTES + bufferBytes - 1) / bufferBytes;
  }

  private static void requireRecoverable(
      int frameBytes, int bufferBytes, int ringSize, DrillFeatures features) {
    if (features.mergeable() && buffersFor(frameBytes, bufferBytes) > ringSize) {
      throw new IllegalArgumentException(
          "a ring of %d buffers of %d bytes never holds a frame of %d: no refill could end the drill"
              .formatted(ringSize, bufferBytes, frameBytes));
    }
  }

  private static void requireStarving(int frameBytes, int buffers, int bufferBytes) {
    int needed = buffersFor(frameBytes, bufferBytes);
    if (buffers >= needed) {
      throw new IllegalArgumentException(
          "%d buffers of %d bytes hold a frame of %d: nothing starves, post fewer than %d"
              .formatted(buffers, bufferBytes, frameBytes, needed));
    }
  }

  private static void requireRefill(Behaviour behaviour, Duration duration, Duration refillAfter) {
    boolean early = behaviour == Behaviour.REFILL_AFTER;
    boolean fits =
        early
            ? refillAfter.toSeconds() >= 1 && refillAfter.compareTo(duration) < 0
            : refillAfter.equals(duration);
    if (!fits) {
      throw new IllegalArgumentException(
          "behaviour %s of %d s with a refill after %d s: %s"
              .formatted(
                  behaviour.label(),
                  duration.toSeconds(),
                  refillAfter.toSeconds(),
                  early
                      ? "refill after 1 s or later and before the end"
                      : "only refill-after has a refill of its own"));
    }
  }

  private static void requireRange(String what, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "the %s must be %d to %d: %d".formatted(what, min, max, value));
    }
  }
}

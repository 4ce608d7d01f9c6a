package org.vhostwatch.detect;

import org.vhostwatch.probe.CensusQueue;

/**
 * What is known of one queue standing still.
 *
 * @param latest the last reading of a census
 * @param at when it was made
 * @param since when the present run of readings began in which the same packet waits at the head
 *     and the used index stands still; equal to {@code at} when the last reading differs
 * @param sends whether the device's TX queue moved so fast since the reading before that it
 *     accounts for CPU time
 * @param moved whether it moved at all within that run, or since the reading before if that began
 *     with this reading
 * @param quietSince the last reading of the run at which it sent, or the one after that; its first,
 *     if it sent at none
 * @param toldAt the last frame by which the sentinel had watched for long enough to tell that it is
 *     no spin; {@link #UNTOLD} for none within that run
 */
record Stillness(
    CensusQueue latest,
    long at,
    long since,
    boolean sends,
    boolean moved,
    long quietSince,
    long toldAt) {

  static final long UNTOLD = Long.MIN_VALUE;

  /**
   * Descriptors a second from which on sending accounts for CPU time. A guest that asks in vain for
   * addresses sends fewer.
   */
  private static final double SENDS_PER_SECOND = 20;

  /**
   * The index has 16 bits: of a longer time no more is allowed, so that what went round is seldom
   * taken for little.
   */
  private static final long MOST_NANOS = 60_000_000_000L;

  static Stillness first(CensusQueue queue, long now) {
    return new Stillness(queue, now, now, false, false, now, UNTOLD);
  }

  Stillness next(CensusQueue queue, long now) {
    boolean still =
        queue.packetWaits()
            && queue.headPacket() == latest.headPacket()
            && queue.lastUsedIdx() == latest.lastUsedIdx();
    int taken = (queue.txLastAvailIdx() - latest.txLastAvailIdx()) & 0xffff;
    boolean fast = taken > 0 && taken >= SENDS_PER_SECOND * Math.min(now - at, MOST_NANOS) / 1e9;
    boolean before = still && at != since && moved;
    // That it is quiet takes two readings: at one the index may have gone round.
    boolean sent = fast || (sends && at != since);
    return still
        ? new Stillness(
            queue, now, since, fast, before || taken > 0, sent ? now : quietSince, toldAt)
        : new Stillness(queue, now, now, fast, taken > 0, now, UNTOLD);
  }

  Stillness told(long frame) {
    return new Stillness(latest, at, since, sends, moved, quietSince, frame);
  }

  /** Returns how long nothing has been delivered although a packet waits, in nanoseconds. */
  long nanos() {
    return latest.packetWaits() ? at - since : 0;
  }
}

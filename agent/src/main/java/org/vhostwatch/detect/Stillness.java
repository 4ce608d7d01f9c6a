package org.vhostwatch.detect;

import org.vhostwatch.probe.CensusQueue;

/**
 * What is known of one queue standing still.
 *
 * @param latest the last reading of a census
 * @param at when it was made
 * @param since when the present run of readings began in which the same packet waits at the head
 *     and the used index stands still; equal to {@code at} when the last reading differs
 * @param sent descriptors taken from the device's TX queue since {@code sentFrom}, modulo 2^16 for
 *     each reading
 * @param sentFrom begin of that run; of one that has only begun, the reading before
 * @param toldAt the last frame by which the sentinel had watched for long enough to tell that it is
 *     no spin; {@link #UNTOLD} for none within that run
 */
record Stillness(CensusQueue latest, long at, long since, long sent, long sentFrom, long toldAt) {

  static final long UNTOLD = Long.MIN_VALUE;

  static Stillness first(CensusQueue queue, long now) {
    return new Stillness(queue, now, now, 0, now, UNTOLD);
  }

  Stillness next(CensusQueue queue, long now) {
    boolean still =
        queue.packetWaits()
            && queue.headPacket() == latest.headPacket()
            && queue.lastUsedIdx() == latest.lastUsedIdx();
    int taken = (queue.txLastAvailIdx() - latest.txLastAvailIdx()) & 0xffff;
    return still
        ? new Stillness(queue, now, since, (at == since ? 0 : sent) + taken, since, toldAt)
        : new Stillness(queue, now, now, taken, at, UNTOLD);
  }

  Stillness told(long frame) {
    return new Stillness(latest, at, since, sent, sentFrom, frame);
  }

  /** Returns the descriptors a second that were taken from the device's TX queue. */
  double sentPerSecond() {
    return at > sentFrom ? sent * 1e9 / (at - sentFrom) : 0;
  }

  /** Returns how long nothing has been delivered although a packet waits, in nanoseconds. */
  long nanos() {
    return latest.packetWaits() ? at - since : 0;
  }
}

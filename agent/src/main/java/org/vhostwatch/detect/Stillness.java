package org.vhostwatch.detect;

import org.vhostwatch.probe.CensusQueue;

/**
 * What is known of one queue standing still.
 *
 * @param latest the last reading of a census
 * @param at when it was made
 * @param since when the present run of readings began in which the same packet waits at the head
 *     and the used index stands still; equal to {@code at} when the last reading differs
 * @param txMoved whether the device's TX queue moved within that run
 * @param toldAt the last frame by which the sentinel had watched for long enough to tell that it is
 *     no spin; {@link #UNTOLD} for none within that run
 */
record Stillness(CensusQueue latest, long at, long since, boolean txMoved, long toldAt) {

  static final long UNTOLD = Long.MIN_VALUE;

  static Stillness first(CensusQueue queue, long now) {
    return new Stillness(queue, now, now, false, UNTOLD);
  }

  Stillness next(CensusQueue queue, long now) {
    boolean still =
        queue.packetWaits()
            && queue.headPacket() == latest.headPacket()
            && queue.lastUsedIdx() == latest.lastUsedIdx();
    boolean tx = queue.txLastAvailIdx() != latest.txLastAvailIdx();
    return still
        ? new Stillness(queue, now, since, txMoved || tx, toldAt)
        : new Stillness(queue, now, now, tx, UNTOLD);
  }

  Stillness told(long frame) {
    return new Stillness(latest, at, since, txMoved, frame);
  }

  /** Returns how long nothing has been delivered although a packet waits, in nanoseconds. */
  long nanos() {
    return latest.packetWaits() ? at - since : 0;
  }
}

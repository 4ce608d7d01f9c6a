package org.vhostwatch.detect;

import org.vhostwatch.probe.CensusQueue;

/**
 * What the censuses said of one queue.
 *
 * @param latest the last reading
 * @param at when it was made
 * @param since when the present run of readings began in which the same packet waits at the head
 *     and the used index stands still; equal to {@code at} when the last reading differs
 * @param txMoved whether the device's TX queue moved within that run
 */
record Stillness(CensusQueue latest, long at, long since, boolean txMoved) {

  static Stillness first(CensusQueue queue, long now) {
    return new Stillness(queue, now, now, false);
  }

  Stillness next(CensusQueue queue, long now) {
    boolean still =
        queue.packetWaits()
            && queue.headPacket() == latest.headPacket()
            && queue.lastUsedIdx() == latest.lastUsedIdx();
    boolean tx = queue.txLastAvailIdx() != latest.txLastAvailIdx();
    return still
        ? new Stillness(queue, now, since, txMoved || tx)
        : new Stillness(queue, now, now, tx);
  }

  /** Returns how long nothing has been delivered although a packet waits, in nanoseconds. */
  long nanos() {
    return latest.packetWaits() ? at - since : 0;
  }
}

package org.vhostwatch.drill;

import java.util.ArrayList;
import java.util.List;

/**
 * The virtio features that the guest of the drill accepts, besides VIRTIO_F_VERSION_1.
 *
 * @param mergeable VIRTIO_NET_F_MRG_RXBUF: a packet may span buffers. Without it a frame that is
 *     larger than one buffer is dropped and nothing can starve
 * @param inOrder VIRTIO_F_IN_ORDER: buffers come back in the order in which they were posted (vhost
 *     offers it from 6.17)
 * @param eventIdx VIRTIO_F_EVENT_IDX: each side says at which index it wants to be woken
 */
public record DrillFeatures(boolean mergeable, boolean inOrder, boolean eventIdx) {
  private static final long MRG_RXBUF_BIT = 1L << 15;
  private static final long EVENT_IDX_BIT = 1L << 29;
  private static final long VERSION_1_BIT = 1L << 32;
  private static final long IN_ORDER_BIT = 1L << 35;

  /** Returns the feature bits as VHOST_SET_FEATURES takes them. */
  long bits() {
    return VERSION_1_BIT
        | (mergeable ? MRG_RXBUF_BIT : 0)
        | (inOrder ? IN_ORDER_BIT : 0)
        | (eventIdx ? EVENT_IDX_BIT : 0);
  }

  /** Returns the names of those bits that {@code offered} lacks. */
  List<String> missingFrom(long offered) {
    List<String> missing = new ArrayList<>();
    addIfMissing(missing, offered, VERSION_1_BIT, "VIRTIO_F_VERSION_1");
    addIfMissing(missing, offered, MRG_RXBUF_BIT, "VIRTIO_NET_F_MRG_RXBUF");
    addIfMissing(missing, offered, IN_ORDER_BIT, "VIRTIO_F_IN_ORDER");
    addIfMissing(missing, offered, EVENT_IDX_BIT, "VIRTIO_F_EVENT_IDX");
    return missing;
  }

  private void addIfMissing(List<String> missing, long offered, long bit, String name) {
    if ((bits() & bit) != 0 && (offered & bit) == 0) {
      missing.add(name);
    }
  }
}

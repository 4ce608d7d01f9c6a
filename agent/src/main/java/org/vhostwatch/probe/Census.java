package org.vhostwatch.probe;

import java.util.List;

/**
 * One reading of every vhost_net queue on the host.
 *
 * @param queues one entry a queue, however many file descriptors lead to it
 * @param rejected lines that looked like the census's and could not be read
 */
public record Census(List<CensusQueue> queues, int rejected) {
  public Census {
    queues = List.copyOf(queues);
  }
}

package org.vhostwatch.drill;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.EventFd;
import org.vhostwatch.libc.PacketSocket;

/**
 * All that the drill creates: tap, vhost device, memory, wake-up descriptors and packet socket.
 * Closing refills and detaches first, then closes in reverse order, and goes on when one step
 * fails.
 */
final class Stage implements AutoCloseable {
  private final Deque<AutoCloseable> closers = new ArrayDeque<>();
  private @Nullable Parts parts;
  private boolean attached;

  private Stage() {}

  /** The parts, once all of them exist. */
  private record Parts(
      Tap tap,
      VhostDevice device,
      VhostWorkers workers,
      RxRing ring,
      EventFd kick,
      EventFd call,
      PacketSocket socket) {}

  /**
   * Creates everything; the tap is up, the queues run, no buffer is posted.
   *
   * @param vhostNet the device file of vhost_net
   * @param log takes one line of progress
   * @throws DrillException if this machine or these options do not allow it; nothing is left behind
   */
  static Stage open(DrillOptions options, Path vhostNet, Consumer<String> log) throws IOException {
    Stage stage = new Stage();
    try {
      stage.build(options, vhostNet, log);
      return stage;
    } catch (IOException | RuntimeException e) {
      try {
        stage.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private void build(DrillOptions options, Path vhostNet, Consumer<String> log) throws IOException {
    GuestMemory guest = own(GuestMemory.map(options.ringSize(), options.bufferBytes()));
    VhostDevice device = own(VhostDevice.open(vhostNet));
    Tap tap = own(Tap.create(options.tap()));
    EventFd kick = own(EventFd.create("rx kick"));
    EventFd call = own(EventFd.create("rx call"));
    EventFd txKick = own(EventFd.create("tx kick"));
    EventFd txCall = own(EventFd.create("tx call"));

    VhostWorkers.Before before = VhostWorkers.before(Path.of("/proc"));
    device.own();
    VhostWorkers workers = before.find();
    device.accept(options.features());
    device.share(guest);
    device.queue(VhostDevice.RX, guest.rx(), guest.memory(), kick, call);
    device.queue(VhostDevice.TX, guest.tx(), guest.memory(), txKick, txCall);
    tap.up();
    PacketSocket socket = own(PacketSocket.open(tap.name()));
    RxRing ring = new RxRing(guest, options.features());
    parts = new Parts(tap, device, workers, ring, kick, call, socket);
    log.accept("created tap %s (ifindex %d), vhost %s".formatted(tap.name(), tap.index(), workers));
    device.attach(tap);
    attached = true;
  }

  Tap tap() {
    return parts().tap();
  }

  VhostWorkers workers() {
    return parts().workers();
  }

  RxRing ring() {
    return parts().ring();
  }

  PacketSocket socket() {
    return parts().socket();
  }

  /** Posts buffers and wakes the worker if it asked for that. */
  void post(int count) throws IOException {
    if (ring().post(count)) {
      parts().kick().signal();
    }
  }

  /** Posts all that the ring has room for, and wakes the worker in any case. */
  void refill() throws IOException {
    ring().post(Integer.MAX_VALUE);
    parts().kick().signal();
  }

  /** Waits for used buffers, at most that many milliseconds. */
  void awaitCall(int timeoutMillis) throws IOException {
    parts().call().await(timeoutMillis);
  }

  /** Looks at queue and worker. */
  Moment look() throws IOException {
    return new Moment(
        Instant.now(),
        System.nanoTime(),
        ring().usedIndex(),
        ring().posted(),
        workers().cpuMillis(),
        workers().waitedMillis());
  }

  /**
   * Recovers and closes. The refill comes first: detaching alone ends a spin too, but the frame
   * goes back to the tap and would make the next owner spin.
   *
   * @throws IOException the first failure, with the later ones suppressed; every step is tried
   */
  @Override
  public void close() throws IOException {
    Parts built = parts;
    if (attached && built != null) {
      attached = false;
      closers.push(built.device()::detach);
      closers.push(this::refill);
    }
    IOException failure = null;
    while (!closers.isEmpty()) {
      try {
        closers.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IOException("closing the drill: " + e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private Parts parts() {
    Parts built = parts;
    if (built == null) {
      throw new IllegalStateException("the stage is not built");
    }
    return built;
  }

  private <T extends AutoCloseable> T own(T resource) {
    closers.push(resource);
    return resource;
  }
}

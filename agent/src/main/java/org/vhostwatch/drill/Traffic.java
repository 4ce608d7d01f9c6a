package org.vhostwatch.drill;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.NativeMemory;
import org.vhostwatch.libc.PacketSocket;

/** Sends frames of given lengths to the tap, round and round, on a thread of its own. */
final class Traffic implements AutoCloseable {
  private static final long FULL_QUEUE_PAUSE_NANOS = 50_000;
  private static final Duration JOIN = Duration.ofSeconds(5);

  private final PacketSocket socket;
  private final List<NativeMemory> frames = new ArrayList<>();
  private final long pauseNanos;
  private final Thread thread;
  private volatile boolean stopping;
  private volatile long sent;
  private volatile long refused;
  private volatile @Nullable IOException failure;

  private Traffic(PacketSocket socket, List<Integer> frameBytes, Duration pause)
      throws IOException {
    this.socket = socket;
    for (int length : frameBytes) {
      frames.add(NativeMemory.copyOf(TcpFrame.build(length)));
    }
    this.pauseNanos = pause.toNanos();
    this.thread = new Thread(this::send, "drill-traffic");
    // Never keeps the JVM alive: the device is closed without it, too.
    thread.setDaemon(true);
  }

  /**
   * Starts sending.
   *
   * @param frameBytes lengths of the frames, in the order of sending
   * @param pause between two frames; zero for full speed
   */
  static Traffic start(PacketSocket socket, List<Integer> frameBytes, Duration pause)
      throws IOException {
    Traffic traffic = new Traffic(socket, frameBytes, pause);
    traffic.thread.start();
    return traffic;
  }

  /** Returns how many frames the tap's queue took. */
  long sent() {
    return sent;
  }

  /** Returns how often it had no room. */
  long refused() {
    return refused;
  }

  /** Throws what stopped the traffic before its time, if anything did. */
  void check() throws IOException {
    IOException cause = failure;
    if (cause != null) {
      throw new IOException("sending to the tap failed: " + cause.getMessage(), cause);
    }
  }

  /** Stops sending and waits for the thread, as the socket is closed next. */
  @Override
  public void close() throws IOException {
    stopping = true;
    LockSupport.unpark(thread);
    try {
      thread.join(JOIN.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      throw new IOException("the traffic thread did not stop within " + JOIN.toSeconds() + " s");
    }
  }

  // Only this thread writes the counters: volatile is enough.
  @SuppressWarnings("NonAtomicVolatileUpdate")
  private void send() {
    try {
      while (!stopping) {
        for (NativeMemory frame : frames) {
          boolean taken = socket.send(frame, (int) frame.size());
          if (taken) {
            sent++;
          } else {
            refused++;
          }
          long pause = taken ? pauseNanos : Math.max(pauseNanos, FULL_QUEUE_PAUSE_NANOS);
          if (pause > 0) {
            LockSupport.parkNanos(pause);
          }
          if (stopping) {
            return;
          }
        }
      }
    } catch (IOException e) {
      failure = e;
    }
  }
}

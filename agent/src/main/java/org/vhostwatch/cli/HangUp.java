package org.vhostwatch.cli;

import java.util.concurrent.Semaphore;
import org.vhostwatch.libc.Signals;
import org.vhostwatch.log.Log;

/**
 * Takes SIGHUP, which else ends a JVM. Signals that come while there is nothing to do yet, or while
 * it is being done, are answered once, after that.
 */
final class HangUp {

  private final Semaphore asked = new Semaphore(0);

  private HangUp() {}

  /** From now on no SIGHUP ends the process. */
  static HangUp install() {
    HangUp hangUp = new HangUp();
    Signals.take("HUP", hangUp.asked::release);
    return hangUp;
  }

  /** From now on {@code action} answers, on a thread of its own. */
  void answer(Runnable action) {
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                asked.acquireUninterruptibly();
                asked.drainPermits();
                try {
                  action.run();
                } catch (RuntimeException e) {
                  // The next one may go well.
                  Log.configReloadFailed(e);
                }
              }
            },
            "reload");
    thread.setDaemon(true);
    thread.start();
  }
}

package org.vhostwatch.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.Semaphore;
import org.vhostwatch.log.Log;

/**
 * Takes SIGHUP, which else ends a JVM. Signals that come while there is nothing to do yet, or while
 * it is being done, are answered once, after that.
 */
final class HangUp {

  private final Semaphore asked = new Semaphore(0);

  private HangUp() {}

  /**
   * From now on no SIGHUP ends the process.
   *
   * <p>Through reflection: the only way to it is a class that javac warns of, and that warning
   * cannot be turned off.
   */
  static HangUp install() {
    HangUp hangUp = new HangUp();
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object taker =
          Proxy.newProxyInstance(
              HangUp.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  hangUp.asked.release();
                  return null;
                }
                return method.invoke(hangUp, arguments);
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), taker);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java cannot take SIGHUP", e);
    }
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

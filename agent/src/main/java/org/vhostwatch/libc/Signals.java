package org.vhostwatch.libc;

import java.lang.reflect.Proxy;

/**
 * What is done when a signal comes. By reflection: the only way to it are classes that javac warns
 * of, and that warning cannot be turned off.
 */
public final class Signals {

  private Signals() {}

  /**
   * From now on a signal runs an action, on a thread that the JVM makes for it, and does nothing
   * else.
   *
   * @param name without SIG
   */
  public static void take(String name, Runnable action) {
    try {
      Object taker =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler()},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                  return null;
                }
                return method.invoke(action, arguments);
              });
      handle(name, taker);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java cannot take SIG" + name, e);
    }
  }

  /**
   * From now on a signal does nothing.
   *
   * @param name without SIG
   * @return what lets it do again what it did before
   */
  public static Runnable ignore(String name) {
    try {
      Object before = handle(name, handler().getField("SIG_IGN").get(null));
      return () -> {
        try {
          handle(name, before);
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException("SIG" + name + " stays ignored", e);
        }
      };
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java cannot ignore SIG" + name, e);
    }
  }

  private static Class<?> handler() throws ClassNotFoundException {
    return Class.forName("sun.misc.SignalHandler");
  }

  /** Returns what was done before. */
  private static Object handle(String name, Object handler) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    return signal
        .getMethod("handle", signal, handler())
        .invoke(null, signal.getConstructor(String.class).newInstance(name), handler);
  }
}

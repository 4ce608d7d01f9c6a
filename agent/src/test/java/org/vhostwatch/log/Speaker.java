package org.vhostwatch.log;

import java.util.List;

/** Says something to its stderr, in a process of its own; the test looks at what arrives. */
final class Speaker {

  private Speaker() {}

  /** Says a livelock of each hostile VM, and ends a thread by an exception. */
  public static void main(String[] arguments) throws InterruptedException {
    Logging.change(Priority.INFO, LogFormat.AUTO);
    Logging.takeUncaught();
    List<String> names = Hostile.NAMES;
    for (int i = 0; i < names.size(); i++) {
      Log.livelockBegins(new QueueName(names.get(i), "vnet3", 0, 453, i + 1), "high", "it spins");
    }
    Thread fails =
        new Thread(
            () -> {
              throw new IllegalStateException("of several\nlines", new RuntimeException("why"));
            },
            "fails");
    fails.start();
    fails.join();
    Logging.finish();
  }
}

package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.Switch;

/**
 * Asks whether ftrace is on, on a host where its lock may be held ({@link KernelFacts#ftrace}): by
 * a child, which can be left behind. A thread of ours that waits in the kernel would keep this
 * process from ending, whatever signal it gets.
 */
public final class FtraceSwitch {

  private static final String CAT = "/usr/bin/cat";

  /** A busy emulated host takes seconds to start a program. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private FtraceSwitch() {}

  /** Returns whether it is on; HELD if there is no answer. */
  public static Switch ask(Spawner spawner) throws InterruptedException {
    return ask(spawner, Path.of("/", KernelFacts.FTRACE), PATIENCE);
  }

  static Switch ask(Spawner spawner, Path file, Duration patience) throws InterruptedException {
    if (spawner.holds(Spawner.Task.LOOK)) {
      return Switch.HELD;
    }
    LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>(1);
    try (Child child =
        Child.start(
            spawner,
            Spawner.Task.LOOK,
            List.of(CAT, file.toString()),
            Map.of(),
            "",
            LineReader.MAX_LINE_BYTES,
            lines::offer)) {
      if (!child.await(patience)) {
        return Switch.HELD;
      }
      String said = lines.poll();
      return said == null ? Switch.UNKNOWN : said.equals("0") ? Switch.OFF : Switch.ON;
    } catch (IOException e) {
      return Switch.UNKNOWN;
    }
  }
}

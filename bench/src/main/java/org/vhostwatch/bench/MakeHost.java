package org.vhostwatch.bench;

import java.io.IOException;
import java.nio.file.Path;
import org.vhostwatch.probe.SyntheticKernel;

/** Makes a host: folder, number of workers, the list of symbols to add the modules' to. */
final class MakeHost {

  /** Processes that are no VMs, and the threads of each: twenty thousand in all. */
  private static final int OTHERS = 200;

  private static final int THREADS_EACH = 100;

  static final int OTHER_THREADS = OTHERS * THREADS_EACH;

  private MakeHost() {}

  /** Makes the host. */
  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments[0]);
    SyntheticHost host = new SyntheticHost(root).workers(Integer.parseInt(arguments[1]));
    host.others(OTHERS, THREADS_EACH).writeCensus(root.resolve("census"));
    SyntheticKernel.write(root, Path.of(arguments[2]));
  }
}

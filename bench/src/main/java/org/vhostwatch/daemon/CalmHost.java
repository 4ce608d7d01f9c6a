package org.vhostwatch.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vhostwatch.bench.SyntheticHost;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.probe.Census;
import org.vhostwatch.snapshot.HostSnapshot;

/** The picture of a host that has been looked at, and counted. */
public final class CalmHost {

  private CalmHost() {}

  /** Returns the picture of a host with so many queues. */
  public static HostSnapshot snapshot(int queues) throws IOException {
    Path root = Files.createTempDirectory("host");
    try {
      Census census = new SyntheticHost(root).workers(queues).census();
      Daemon daemon = new Daemon(TestOptions.of(root, root), LogRing.attach(), Notices.NONE);
      daemon.cycle(System.nanoTime());
      daemon.take(
          new Incoming.Counted(census, Transcript.ofCensus(System.nanoTime())), System.nanoTime());
      daemon.cycle(System.nanoTime());
      HostSnapshot snapshot = daemon.snapshot();
      daemon.close();
      return snapshot;
    } finally {
      SyntheticHost.delete(root);
    }
  }
}

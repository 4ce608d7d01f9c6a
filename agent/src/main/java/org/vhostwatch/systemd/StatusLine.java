package org.vhostwatch.systemd;

import java.util.List;
import java.util.Locale;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.report.Plural;
import org.vhostwatch.report.Printable;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.QueueStatus;

/** The host in one sentence, as {@code systemctl status} shows it. */
final class StatusLine {

  static final String STARTING = "starting: attaching probes";
  static final String STOPPING = "stopping";

  /** At four bytes a character half of what systemd reads of a datagram (4096). */
  private static final int MAX_CHARS = 512;

  private StatusLine() {}

  /** Returns one line that is safe to print. */
  static String of(HostSnapshot host) {
    Verdict worst = host.worst();
    List<String> troubles = host.probes().troubles();
    StringBuilder line = new StringBuilder();
    switch (worst) {
      case LIVELOCKED, STALLED, SPINNING -> queues(line, worst, host);
      case UNKNOWN -> unknown(line, host);
      case HEALTHY, BUSY -> healthy(line, host);
    }
    if (!host.unexplained().isEmpty()) {
      line.append(", ").append(Plural.of(host.unexplained().size(), "worker"));
      line.append(" busy for an unknown cause");
    }
    line.append(", kernel ").append(kernel(host));
    if (!troubles.isEmpty() && !host.blind()) {
      line.append("; degraded: ").append(Printable.of(troubles.get(0)));
      more(line, troubles.size() - 1);
    }
    return cut(line.toString());
  }

  private static void queues(StringBuilder line, Verdict verdict, HostSnapshot host) {
    List<QueueStatus> such = host.having(verdict);
    QueueStatus first = such.get(0);
    line.append(verdict).append(": VM ").append(Printable.of(first.vm()));
    line.append(", tap ").append(first.tap().isEmpty() ? "(none)" : Printable.of(first.tap()));
    line.append(", queue ").append(first.queue());
    more(line, such.size() - 1);
  }

  private static void unknown(StringBuilder line, HostSnapshot host) {
    if (host.blind()) {
      List<String> troubles = host.probes().troubles();
      line.append("UNKNOWN: ").append(Printable.of(troubles.get(0)));
      more(line, troubles.size() - 1);
    } else {
      queues(line, Verdict.UNKNOWN, host);
    }
  }

  private static void healthy(StringBuilder line, HostSnapshot host) {
    List<QueueStatus> queues = host.queues();
    if (queues.isEmpty()) {
      line.append("healthy: ");
      line.append(host.probes().idle().orElse("no vhost_net queue on this host"));
      return;
    }
    long vms = queues.stream().map(QueueStatus::vm).distinct().count();
    line.append("healthy: ").append(Plural.of(queues.size(), "queue"));
    line.append(" of ").append(Plural.of(vms, "VM"));
  }

  private static void more(StringBuilder line, int others) {
    if (others > 0) {
      line.append(" and ").append(others).append(" more");
    }
  }

  private static String kernel(HostSnapshot host) {
    return switch (host.exposure().status()) {
      case UNKNOWN -> "exposure unknown";
      default -> host.exposure().status().name().toLowerCase(Locale.ROOT);
    };
  }

  private static String cut(String line) {
    if (line.codePointCount(0, line.length()) <= MAX_CHARS) {
      return line;
    }
    return line.substring(0, line.offsetByCodePoints(0, MAX_CHARS - 3)) + "...";
  }
}

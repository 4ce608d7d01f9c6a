package org.vhostwatch.daemon;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.report.Printable;
import org.vhostwatch.snapshot.QueueStatus;

/** Logs what changed, once: verdicts that begin and end, and troubles. */
final class Announcer {

  private static final Logger LOG = LoggerFactory.getLogger("vhostwatch");

  private final Map<Long, Verdict> said = new HashMap<>();
  private Set<String> troubles = Set.of();

  /** Returns queues that were livelocked or spinning before and are not now. */
  Set<Long> queues(List<QueueStatus> queues) {
    Set<Long> recovered = new HashSet<>();
    Map<Long, QueueStatus> present = new HashMap<>();
    for (QueueStatus queue : queues) {
      present.put(queue.verdict().vq(), queue);
      Verdict now = queue.verdict().verdict();
      Verdict before = said.getOrDefault(queue.verdict().vq(), Verdict.HEALTHY);
      if (now != before && trouble(now)) {
        begins(now, queue);
        said.put(queue.verdict().vq(), now);
      }
    }
    said.entrySet()
        .removeIf(
            entry -> {
              QueueStatus queue = present.get(entry.getKey());
              if (queue != null && trouble(queue.verdict().verdict())) {
                return false;
              }
              recovered.add(entry.getKey());
              LOG.info(
                  "{} ended: {}",
                  entry.getValue(),
                  queue == null ? "the queue is gone" : name(queue));
              return true;
            });
    return recovered;
  }

  void troubles(List<String> now) {
    for (String trouble : now) {
      if (!troubles.contains(trouble)) {
        LOG.warn("{}", Printable.of(trouble));
      }
    }
    if (now.isEmpty() && !troubles.isEmpty()) {
      LOG.info("nothing is in the way any more");
    }
    troubles = Set.copyOf(now);
  }

  private static boolean trouble(Verdict verdict) {
    return verdict == Verdict.LIVELOCKED
        || verdict == Verdict.STALLED
        || verdict == Verdict.SPINNING;
  }

  private static void begins(Verdict verdict, QueueStatus queue) {
    String text =
        String.format(
            Locale.ROOT,
            "%s (confidence %s): %s: %s",
            verdict,
            queue.verdict().confidence().name().toLowerCase(Locale.ROOT),
            name(queue),
            Printable.of(queue.verdict().summary()));
    switch (verdict) {
      case LIVELOCKED -> LOG.error("{}; `vhostwatch diagnose` tells what to do", text);
      case STALLED -> LOG.warn("{}", text);
      default -> LOG.info("{}", text);
    }
  }

  private static String name(QueueStatus queue) {
    return "VM "
        + Printable.of(queue.vm())
        + ", tap "
        + (queue.tap().isEmpty() ? "(none)" : Printable.of(queue.tap()))
        + ", queue "
        + queue.queue()
        + ", worker "
        + queue.verdict().tid();
  }
}

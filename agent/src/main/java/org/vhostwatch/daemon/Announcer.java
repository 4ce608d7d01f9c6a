package org.vhostwatch.daemon;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.report.Printable;
import org.vhostwatch.report.UnexplainedText;
import org.vhostwatch.snapshot.QueueStatus;
import org.vhostwatch.snapshot.UnexplainedStatus;

/** Logs what changed, once: verdicts that begin and end, and troubles. */
final class Announcer {

  private static final Logger LOG = LoggerFactory.getLogger("vhostwatch");

  /** A guest that is late now and then is news once a minute, not each time. */
  private static final long SPINNING_NEWS_MILLIS = 60_000;

  /** A capture that is to come takes less. */
  private static final long STACK_MILLIS = 60_000;

  private final Map<Long, Verdict> before = new HashMap<>();
  private final Map<Long, Long> spinningSaid = new HashMap<>();
  private final Map<WorkerId, UnexplainedStatus> unexplained = new HashMap<>();
  private final Map<WorkerId, Long> unexplainedFirst = new HashMap<>();
  private Set<String> troubles = Set.of();

  /** Says what changed; returns queues whose livelock or stall is over. */
  Set<Long> queues(List<QueueStatus> queues, long wallMillis) {
    Set<Long> over = new HashSet<>();
    Map<Long, Verdict> present = new HashMap<>();
    for (QueueStatus queue : queues) {
      long vq = queue.verdict().vq();
      Verdict now = queue.verdict().verdict();
      Verdict old = before.getOrDefault(vq, Verdict.HEALTHY);
      present.put(vq, now);
      if (now == old) {
        continue;
      }
      if (grave(old)) {
        over.add(vq);
        LogRing.about(vq, () -> LOG.info("{} ended: {}", old, name(queue)));
      }
      if (grave(now) || spinningIsNews(now, vq, wallMillis)) {
        LogRing.about(vq, () -> begins(now, queue));
      }
    }
    before.forEach(
        (vq, old) -> {
          if (!present.containsKey(vq) && grave(old)) {
            over.add(vq);
            LogRing.about(vq, () -> LOG.info("{} ended: the queue is gone", old));
          }
        });
    before.clear();
    before.putAll(present);
    spinningSaid.keySet().retainAll(present.keySet());
    return over;
  }

  private boolean spinningIsNews(Verdict now, long vq, long wallMillis) {
    if (now != Verdict.SPINNING
        || wallMillis - spinningSaid.getOrDefault(vq, 0L) < SPINNING_NEWS_MILLIS) {
      return false;
    }
    spinningSaid.put(vq, wallMillis);
    return true;
  }

  /**
   * Says once of each worker that nothing accounts for its CPU time, as soon as it is known where
   * it is, or that this will not be known; and once that it is over.
   */
  void unexplained(List<UnexplainedStatus> now, long wallMillis) {
    Map<WorkerId, UnexplainedStatus> present = new HashMap<>();
    Map<WorkerId, Long> first = new HashMap<>();
    for (UnexplainedStatus status : now) {
      WorkerId id = status.found().worker().id();
      long seen = unexplainedFirst.getOrDefault(id, wallMillis);
      first.put(id, seen);
      boolean said = unexplained.containsKey(id);
      boolean told = !status.found().stacks().isEmpty() || wallMillis - seen >= STACK_MILLIS;
      if (told && !said) {
        LOG.warn(
            "{}: {}, since {}",
            name(status),
            UnexplainedText.sentence(status.found(), status.devices()),
            Instant.ofEpochMilli(status.sinceWallMillis()).truncatedTo(ChronoUnit.SECONDS));
      }
      if (told || said) {
        present.put(id, status);
      }
    }
    unexplained.forEach(
        (id, status) -> {
          if (!present.containsKey(id)) {
            LOG.info(
                "{}: its unexplained CPU time ended, after {} s",
                name(status),
                Math.max(0, wallMillis - status.sinceWallMillis()) / 1000);
          }
        });
    unexplained.clear();
    unexplained.putAll(present);
    unexplainedFirst.clear();
    unexplainedFirst.putAll(first);
  }

  private static String name(UnexplainedStatus status) {
    return "VM " + Printable.of(status.vm()) + ", worker " + status.found().worker().tid();
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

  private static boolean grave(Verdict verdict) {
    return verdict == Verdict.LIVELOCKED || verdict == Verdict.STALLED;
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

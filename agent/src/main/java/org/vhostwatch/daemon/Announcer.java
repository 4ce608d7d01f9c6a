package org.vhostwatch.daemon;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.log.Log;
import org.vhostwatch.log.QueueName;
import org.vhostwatch.report.UnexplainedText;
import org.vhostwatch.snapshot.QueueStatus;
import org.vhostwatch.snapshot.UnexplainedStatus;

/** Logs what changed, once: verdicts that begin and end, and troubles. */
final class Announcer {

  /**
   * A guest that is late now and then is news once a minute, and ever more rarely as it goes on so,
   * not each time.
   */
  private static final long SPINNING_NEWS_NANOS = 60_000_000_000L;

  private static final long LONGEST_NEWS_NANOS = 3_600_000_000_000L;

  /**
   * When it was said that a queue spins.
   *
   * @param pause until it may be said again
   */
  private record Said(long at, long pause) {}

  /** What is livelocked or stalled, and what it was called then: it may be gone by its end. */
  private record Grave(Verdict verdict, QueueName name) {}

  /**
   * Queues whose livelock or stall is over. One that is UNKNOWN is not, until more is known.
   *
   * @param recovered those that are there
   * @param gone those that are not
   */
  record Over(Set<Long> recovered, Set<Long> gone) {}

  /** A capture that is to come takes less. */
  private static final long STACK_NANOS = 60_000_000_000L;

  private final Map<Long, Verdict> before = new HashMap<>();
  private final Map<Long, Grave> graves = new HashMap<>();

  /** Queues whose livelock or stall has become UNKNOWN. */
  private final Set<Long> untold = new HashSet<>();

  private final Map<Long, Said> spinningSaid = new HashMap<>();
  private final Map<WorkerId, UnexplainedStatus> unexplained = new HashMap<>();
  private final Map<WorkerId, Long> unexplainedFirst = new HashMap<>();
  private Set<String> troubles = Set.of();
  private Optional<String> idle = Optional.empty();

  /**
   * Says what changed; returns what is over.
   *
   * @param now in monotonic nanoseconds
   */
  Over queues(List<QueueStatus> queues, long now) {
    Map<Long, Verdict> present = new HashMap<>();
    Set<Long> recovered = new HashSet<>();
    Set<Long> gone = new HashSet<>();
    for (QueueStatus queue : queues) {
      long vq = queue.verdict().vq();
      Verdict verdict = starts(queue.verdict(), now) ? Verdict.HEALTHY : queue.verdict().verdict();
      present.put(vq, verdict);
      if (verdict == before.getOrDefault(vq, Verdict.HEALTHY)) {
        continue;
      }
      if (ends(vq, Optional.of(name(queue)), "it is " + queue.verdict().verdict() + " now")) {
        untold.add(vq);
      }
      if (verdict != Verdict.UNKNOWN && untold.remove(vq) && verdict != Verdict.LIVELOCKED) {
        recovered.add(vq);
      }
      if (grave(verdict) || spinningIsNews(verdict, vq, now)) {
        begins(queue);
      }
    }
    for (Long vq : List.copyOf(graves.keySet())) {
      if (!present.containsKey(vq) && ends(vq, Optional.empty(), "the queue is gone")) {
        gone.add(vq);
      }
    }
    before.clear();
    before.putAll(present);
    spinningSaid.keySet().retainAll(present.keySet());
    untold.retainAll(present.keySet());
    return new Over(recovered, gone);
  }

  private boolean spinningIsNews(Verdict verdict, long vq, long now) {
    Said said = spinningSaid.get(vq);
    if (verdict != Verdict.SPINNING || (said != null && now - said.at() < said.pause())) {
      return false;
    }
    long pause =
        said != null && now - said.at() < 2 * said.pause()
            ? Math.min(2 * said.pause(), LONGEST_NEWS_NANOS)
            : SPINNING_NEWS_NANOS;
    spinningSaid.put(vq, new Said(now, pause));
    return true;
  }

  /** Returns whether its guest may just be starting. */
  private static boolean starts(QueueVerdict verdict, long now) {
    return verdict.unused() && !verdict.longStalled(now);
  }

  /**
   * Says once of each worker that nothing accounts for its CPU time, as soon as it is known where
   * it is, or that this will not be known; and once that it is over.
   */
  void unexplained(List<UnexplainedStatus> found, long now, long wallMillis) {
    Map<WorkerId, UnexplainedStatus> present = new HashMap<>();
    Map<WorkerId, Long> first = new HashMap<>();
    for (UnexplainedStatus status : found) {
      WorkerId id = status.found().worker().id();
      long seen = unexplainedFirst.getOrDefault(id, now);
      first.put(id, seen);
      boolean said = unexplained.containsKey(id);
      boolean told = !status.found().stacks().isEmpty() || now - seen >= STACK_NANOS;
      if (told && !said) {
        Log.workerUnexplained(
            status.vm(),
            status.found().worker().tid(),
            UnexplainedText.sentence(status.found(), status.devices())
                + ", since "
                + Instant.ofEpochMilli(status.sinceWallMillis()).truncatedTo(ChronoUnit.SECONDS));
      }
      if (told || said) {
        present.put(id, status);
      }
    }
    unexplained.forEach(
        (id, status) -> {
          if (!present.containsKey(id)) {
            Log.workerUnexplainedEnds(
                status.vm(),
                status.found().worker().tid(),
                Math.max(0, wallMillis - status.sinceWallMillis()) / 1000);
          }
        });
    unexplained.clear();
    unexplained.putAll(present);
    unexplainedFirst.clear();
    unexplainedFirst.putAll(first);
  }

  void troubles(List<String> now) {
    for (String trouble : now) {
      if (!troubles.contains(trouble)) {
        Log.troubleBegins(trouble);
      }
    }
    if (now.isEmpty() && !troubles.isEmpty()) {
      Log.troubleEnds();
    }
    troubles = Set.copyOf(now);
  }

  /** Says once that there is nothing to watch; that there is again shows in what is seen. */
  void idle(Optional<String> why) {
    if (!why.equals(idle)) {
      why.ifPresent(Log::nothingToWatch);
    }
    idle = why;
  }

  private static boolean grave(Verdict verdict) {
    return verdict == Verdict.LIVELOCKED || verdict == Verdict.STALLED;
  }

  private void begins(QueueStatus queue) {
    QueueVerdict verdict = queue.verdict();
    QueueName name = name(queue);
    String confidence = verdict.confidence().name().toLowerCase(Locale.ROOT);
    if (grave(verdict.verdict())) {
      graves.put(verdict.vq(), new Grave(verdict.verdict(), name));
    }
    switch (verdict.verdict()) {
      case LIVELOCKED -> Log.livelockBegins(name, confidence, verdict.summary());
      case STALLED -> Log.stallBegins(name, confidence, verdict.summary());
      default -> Log.spinBegins(name, confidence, verdict.summary());
    }
  }

  /** Returns whether there was something grave to end. */
  private boolean ends(long vq, Optional<QueueName> name, String now) {
    Grave ended = graves.remove(vq);
    if (ended == null) {
      return false;
    }
    if (ended.verdict() == Verdict.LIVELOCKED) {
      Log.livelockEnds(name.orElse(ended.name()), now);
    } else {
      Log.stallEnds(name.orElse(ended.name()), now);
    }
    return true;
  }

  private static QueueName name(QueueStatus queue) {
    QueueVerdict verdict = queue.verdict();
    return new QueueName(queue.vm(), queue.tap(), queue.queue(), verdict.tid(), verdict.vq());
  }
}

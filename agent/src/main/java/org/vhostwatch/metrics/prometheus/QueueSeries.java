package org.vhostwatch.metrics.prometheus;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * What is exported of the queues with one set of labels. Mostly that is one queue; queues that the
 * labels do not tell apart (names cut or not known) share a series, for Prometheus refuses a scrape
 * that has one twice.
 */
final class QueueSeries {

  /** The labels. */
  private record Key(String vm, String tap, int queue) {}

  private final List<String> labels;
  private Verdict worst = Verdict.HEALTHY;
  private @Nullable CensusQueue census;
  private long livelockMillis;
  private long episodes;
  private long passes;
  private double spunNanos;
  private long longestNanos;

  private QueueSeries(Key key) {
    this.labels = List.of(key.vm(), key.tap(), String.valueOf(key.queue()));
  }

  static Collection<QueueSeries> of(List<QueueStatus> queues) {
    Map<Key, QueueSeries> series = new LinkedHashMap<>();
    for (QueueStatus status : queues) {
      // A verdict without a queue is on a worker whose queues are not known.
      if (status.verdict().vq() != 0) {
        Key key = new Key(LabelText.of(status.vm()), LabelText.of(status.tap()), status.queue());
        series.computeIfAbsent(key, QueueSeries::new).merge(status);
      }
    }
    return series.values();
  }

  /** The worst verdict wins, counters add up, and the census is that of the worst. */
  private void merge(QueueStatus status) {
    QueueVerdict verdict = status.verdict();
    if (census == null || verdict.verdict().compareTo(worst) > 0) {
      census = verdict.queue() == null ? census : verdict.queue();
    }
    if (verdict.verdict().compareTo(worst) > 0) {
      worst = verdict.verdict();
    }
    if (verdict.verdict() == Verdict.LIVELOCKED && status.sinceWallMillis() != 0) {
      livelockMillis =
          livelockMillis == 0
              ? status.sinceWallMillis()
              : Math.min(livelockMillis, status.sinceWallMillis());
    }
    episodes += verdict.episodes();
    passes += verdict.passes();
    spunNanos += verdict.spunNanos();
    if (verdict.spin() != null) {
      longestNanos = Math.max(longestNanos, verdict.spin().longestNanos());
    }
  }

  /** Returns the labels' values, in the order of the metrics' labels. */
  List<String> labels() {
    return labels;
  }

  Verdict worst() {
    return worst;
  }

  /** Returns the last census reading, null if there is none. */
  @Nullable CensusQueue census() {
    return census;
  }

  /** Returns when the present livelock began, milliseconds since 1970; 0 without one. */
  long livelockMillis() {
    return livelockMillis;
  }

  long episodes() {
    return episodes;
  }

  long passes() {
    return passes;
  }

  double spunNanos() {
    return spunNanos;
  }

  /** Returns the length of the longest episode, 0 without one. */
  double longestNanos() {
    return longestNanos;
  }
}

package org.vhostwatch.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps repetitions from filling the log. The first event of a key is written at once and opens a
 * window; those that follow within it are counted. When a window ends, the last of each key that
 * has waited is written, with how many it stands for, in the order in which these last ones
 * happened: so the last line about a thing says how it is now. Each of these keys then has a new
 * window.
 *
 * <p>A pure function of what it is given; not for several threads.
 */
final class Fold {

  static final long WINDOW = TimeUnit.SECONDS.toNanos(60);

  /** More would be a flood of other things than repetitions. */
  static final int MAX_KEYS = 1000;

  private static final class Run {
    final long start;
    @Nullable Entry last;
    long waiting;
    long order;

    Run(long start) {
      this.start = start;
    }
  }

  /** The oldest window first. */
  private final Map<Entry.Key, Run> runs = new LinkedHashMap<>();

  private long order;

  /**
   * Takes an event; returns what is to be written now.
   *
   * @param now monotonic nanoseconds
   */
  List<Entry> take(Entry entry, long now) {
    List<Entry> out = due(now);
    if (!entry.event().folds()) {
      out.add(entry);
      return out;
    }
    Entry.Key key = entry.key();
    Run run = runs.get(key);
    if (run != null) {
      run.last = entry;
      run.waiting++;
      run.order = ++order;
      return out;
    }
    if (runs.size() >= MAX_KEYS) {
      Map.Entry<Entry.Key, Run> oldest = runs.entrySet().iterator().next();
      runs.remove(oldest.getKey());
      out.addAll(written(List.of(oldest.getValue()), now));
    }
    runs.put(key, new Run(now));
    out.add(entry);
    return out;
  }

  /** Returns what has waited long enough at {@code now}. */
  List<Entry> due(long now) {
    if (runs.isEmpty() || now - runs.values().iterator().next().start < WINDOW) {
      return new ArrayList<>();
    }
    boolean ended = runs.values().stream().anyMatch(run -> run.waiting > 0 && over(run, now));
    runs.values().removeIf(run -> run.waiting == 0 && over(run, now));
    return ended ? waiting(now) : new ArrayList<>();
  }

  /** Returns all that waits, and forgets what came before. */
  List<Entry> rest(long now) {
    List<Entry> out = waiting(now);
    runs.clear();
    return out;
  }

  private List<Entry> waiting(long now) {
    Map<Entry.Key, Run> waiting = new LinkedHashMap<>();
    runs.forEach(
        (key, run) -> {
          if (run.waiting > 0) {
            waiting.put(key, run);
          }
        });
    waiting
        .keySet()
        .forEach(
            key -> {
              runs.remove(key);
              runs.put(key, new Run(now));
            });
    return written(waiting.values(), now);
  }

  /** Returns how many keys are remembered. */
  int keys() {
    return runs.size();
  }

  private static boolean over(Run run, long now) {
    return now - run.start >= WINDOW;
  }

  private static List<Entry> written(Iterable<Run> ended, long now) {
    List<Run> sorted = new ArrayList<>();
    ended.forEach(sorted::add);
    sorted.sort(Comparator.comparingLong(run -> run.order));
    List<Entry> out = new ArrayList<>();
    for (Run run : sorted) {
      if (run.last != null) {
        long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(now - run.start));
        out.add(run.last.standingFor(run.waiting - 1, seconds));
      }
    }
    return out;
  }
}

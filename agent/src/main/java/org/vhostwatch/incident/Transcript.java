package org.vhostwatch.incident;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The raw lines of one run of bpftrace, with the times at which they came: what a recording is made
 * of. Bounded: beyond it the oldest lines go, because the last print of a map stands for all.
 */
public final class Transcript {

  /** More than a census of 2,000 queues, or a capture of 16 workers. */
  private static final int MAX_CHARS = 1 << 20;

  /** A line, and when it came, CLOCK_MONOTONIC nanoseconds. */
  record Line(long at, String text) {}

  private final long begun;
  private final Deque<Line> lines = new ArrayDeque<>();
  private int chars;
  private long first;
  private long ended;

  /**
   * @param begun when the run began, CLOCK_MONOTONIC nanoseconds
   */
  public Transcript(long begun) {
    this.begun = begun;
    this.first = begun;
    this.ended = begun;
  }

  /** Takes a line. */
  public synchronized void add(long at, String text) {
    first = first == begun ? at : first;
    lines.addLast(new Line(at, text));
    chars += text.length();
    while (chars > MAX_CHARS) {
      chars -= lines.removeFirst().text().length();
    }
  }

  /** Notes that the run ended. */
  public synchronized void end(long at) {
    ended = at;
  }

  /** Returns when the run began. */
  public long begun() {
    return begun;
  }

  /** Returns when the first line came; when it began, if there was none. */
  public synchronized long firstAt() {
    return first;
  }

  /** Returns when it ended. */
  public synchronized long ended() {
    return ended;
  }

  synchronized List<Line> lines() {
    return new ArrayList<>(lines);
  }
}

package org.vhostwatch.incident;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The raw lines of one run of bpftrace, with the times at which they came: what a recording is made
 * of. Bounded: beyond it the oldest lines go.
 */
public final class Transcript {

  /** More than 14,000 queues. Each has a line of its own, for which no other stands. */
  private static final int MAX_CENSUS_CHARS = 6 << 20;

  /** More than 16 workers. What is lost is little: the last print of a map stands for all. */
  private static final int MAX_CAPTURE_CHARS = 1 << 20;

  /** A line, and when it came, CLOCK_MONOTONIC nanoseconds. */
  record Line(long at, String text) {}

  private final long begun;
  private final int maxChars;
  private final Deque<Line> lines = new ArrayDeque<>();
  private int chars;
  private long first;
  private long ended;

  private Transcript(long begun, int maxChars) {
    this.begun = begun;
    this.maxChars = maxChars;
    this.first = begun;
    this.ended = begun;
  }

  /**
   * Returns an empty one of a census.
   *
   * @param begun when the run began, CLOCK_MONOTONIC nanoseconds
   */
  public static Transcript ofCensus(long begun) {
    return new Transcript(begun, MAX_CENSUS_CHARS);
  }

  /**
   * Returns an empty one of a capture.
   *
   * @param begun when the run began, CLOCK_MONOTONIC nanoseconds
   */
  public static Transcript ofCapture(long begun) {
    return new Transcript(begun, MAX_CAPTURE_CHARS);
  }

  /** Takes a line. */
  public synchronized void add(long at, String text) {
    first = first == begun ? at : first;
    lines.addLast(new Line(at, text));
    chars += text.length();
    while (chars > maxChars) {
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

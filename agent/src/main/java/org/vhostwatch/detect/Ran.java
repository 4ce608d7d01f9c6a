package org.vhostwatch.detect;

import java.util.ArrayList;
import java.util.List;

/**
 * CPU time that a worker got.
 *
 * @param readAt when the last look began to read it
 * @param spans the last looks between which it got some, the oldest ones together
 */
record Ran(long readAt, List<Span> spans) {

  /** More are not kept apart: a worker that spins makes passes in each. */
  private static final int MOST = 4;

  /** CPU time comes in ticks of a hundredth of a second, at both ends. */
  private static final long ROUNDING_NANOS = 20_000_000L;

  /** A worker that spins makes hundreds of passes in so long, and tens at the very least. */
  private static final long PASSES_NANOS = 500_000_000L;

  /**
   * At least so much CPU time between two times.
   *
   * @param from when it began to be read before
   * @param to when it was read
   */
  private record Span(long from, long to, long nanos) {
    Span with(Span next) {
      return new Span(from, next.to, nanos + next.nanos);
    }

    /** Returns how much of it there was at least after a time and before another. */
    long between(long after, long until) {
      return Math.max(0, nanos - Math.max(0, after - from) - Math.max(0, to - until));
    }
  }

  static Ran nothing(long readAt) {
    return new Ran(readAt, List.of());
  }

  /**
   * Takes a look.
   *
   * @param nanos what it got since the last one
   * @param begin when this one began to read
   * @param end when it had read all
   */
  Ran next(long nanos, long begin, long end) {
    long least = nanos - ROUNDING_NANOS;
    if (least <= 0) {
      return new Ran(begin, spans);
    }
    List<Span> next = new ArrayList<>(spans);
    if (next.size() == MOST) {
      next.set(0, next.get(0).with(next.remove(1)));
    }
    next.add(new Span(readAt, end, least));
    return new Ran(begin, List.copyOf(next));
  }

  /** Returns whether it must have got its CPU for long after a time and before another. */
  boolean between(long after, long until) {
    return spans.stream().mapToLong(span -> span.between(after, until)).sum() > PASSES_NANOS;
  }
}

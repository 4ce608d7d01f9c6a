package org.vhostwatch.incident;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The record of one livelock, or of a queue that keeps falling into it. Immutable.
 *
 * @param id its name, also that of its files: time and hash, nothing that a VM could choose
 * @param state whether it goes on
 * @param queue which queue
 * @param kernel release, as {@code uname -r}
 * @param bpftrace version, empty if there is none
 * @param agent version of this program
 * @param confidence of the verdict, in lower case
 * @param count livelocks in it; more than one if the queue flaps
 * @param occurrences the first and the last of them, in order; never empty
 * @param looks what was seen, in order
 * @param gaps times in which no agent watched: the first and the last
 * @param log what the daemon said meanwhile
 * @param recorded whether it has a recording
 */
public record Incident(
    String id,
    State state,
    QueueIdentity queue,
    String kernel,
    String bpftrace,
    String agent,
    String confidence,
    int count,
    List<Occurrence> occurrences,
    List<Look> looks,
    List<Gap> gaps,
    List<String> log,
    boolean recorded) {

  /** The first and the last so many occurrences and gaps are kept. */
  private static final int KEPT_AT_EACH_END = 8;

  /** Whether an incident goes on. */
  public enum State {
    /** The queue is livelocked, or was until just now. */
    OPEN,
    /** The agent was told to stop while it was: the next one goes on with it. */
    INTERRUPTED,
    /** It is over. */
    CLOSED
  }

  public Incident {
    occurrences = List.copyOf(occurrences);
    looks = List.copyOf(looks);
    gaps = List.copyOf(gaps);
    log = List.copyOf(log);
    if (occurrences.isEmpty()) {
      throw new IllegalArgumentException("an incident without an occurrence");
    }
  }

  /** Returns the livelock that began it. */
  public Occurrence first() {
    return occurrences.get(0);
  }

  /** Returns the latest livelock. */
  public Occurrence last() {
    return occurrences.get(occurrences.size() - 1);
  }

  /** Returns when it ended, milliseconds since 1970; 0 while it goes on. */
  public long ended() {
    return state == State.CLOSED ? last().ended() : 0;
  }

  /** Returns how it ended; empty while it goes on. */
  public Optional<Ending> how() {
    return state == State.OPEN ? Optional.empty() : last().how();
  }

  /**
   * Returns from the first sign to the end, in milliseconds; to the last time it was seen if it
   * goes on, or ended while nobody watched.
   */
  public long millis() {
    boolean watched = how().filter(ending -> !ending.unwatched()).isPresent();
    long end = state == State.CLOSED && watched ? last().ended() : last().lastSeen();
    return Math.max(0, end - first().firstSign());
  }

  /** Returns the list without its middle, if it is too long. */
  static <T> List<T> ends(List<T> list) {
    if (list.size() <= 2 * KEPT_AT_EACH_END) {
      return list;
    }
    List<T> kept = new ArrayList<>(list.subList(0, KEPT_AT_EACH_END));
    kept.addAll(list.subList(list.size() - KEPT_AT_EACH_END, list.size()));
    return kept;
  }

  /** Returns the occurrences with another one in place of the last. */
  List<Occurrence> withLast(Occurrence occurrence) {
    List<Occurrence> others = new ArrayList<>(occurrences);
    others.set(others.size() - 1, occurrence);
    return others;
  }

  /**
   * Returns this record with what a later one, begun without knowing of this, has of the same
   * livelock and of those that came after it.
   */
  Incident goneOnWith(Incident later) {
    Occurrence begun = last();
    Occurrence same = later.first();
    long lastSeen = Math.max(begun.lastSeen(), same.lastSeen());
    List<Occurrence> all =
        withLast(
            new Occurrence(
                begun.firstSign(),
                begun.confirmed(),
                lastSeen,
                same.ended() == 0 ? 0 : Math.max(lastSeen, same.ended()),
                same.how()));
    all.addAll(later.occurrences().subList(1, later.occurrences().size()));
    List<Gap> unwatched = new ArrayList<>(gaps);
    unwatched.add(new Gap(begun.lastSeen(), Math.max(begun.lastSeen(), same.confirmed())));
    unwatched.addAll(later.gaps());
    List<Look> seen = new ArrayList<>(looks);
    for (Look look : later.looks()) {
      if (looks.stream().noneMatch(taken -> taken.when().compareTo(look.when()) >= 0)) {
        seen.add(look);
      }
    }
    return new Incident(
        id,
        later.state(),
        later.queue().betterThan(queue) ? later.queue() : queue,
        kernel,
        bpftrace,
        agent,
        later.confidence(),
        count + later.count() - 1,
        ends(all),
        seen,
        ends(unwatched),
        log,
        recorded);
  }

  Incident with(
      State otherState,
      QueueIdentity otherQueue,
      int otherCount,
      List<Occurrence> otherOccurrences,
      List<Look> otherLooks) {
    return new Incident(
        id,
        otherState,
        otherQueue,
        kernel,
        bpftrace,
        agent,
        confidence,
        otherCount,
        otherOccurrences,
        otherLooks,
        gaps,
        log,
        recorded);
  }

  /** Returns this incident with another log. */
  public Incident withLog(List<String> lines) {
    return new Incident(
        id,
        state,
        queue,
        kernel,
        bpftrace,
        agent,
        confidence,
        count,
        occurrences,
        looks,
        gaps,
        lines,
        recorded);
  }

  Incident withLooks(List<Look> others) {
    return with(state, queue, count, occurrences, others);
  }

  Incident withRecording(boolean has) {
    return new Incident(
        id,
        state,
        queue,
        kernel,
        bpftrace,
        agent,
        confidence,
        count,
        occurrences,
        looks,
        gaps,
        log,
        has);
  }
}

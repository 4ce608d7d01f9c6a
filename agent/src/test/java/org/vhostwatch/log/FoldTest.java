package org.vhostwatch.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Time is made up: nothing here waits. */
class FoldTest {

  private static final long SECOND = 1_000_000_000L;

  private final Fold fold = new Fold();

  private static Entry begins(long vq) {
    return Samples.livelock("vm", "tap", vq);
  }

  private static Entry ends(long vq) {
    return Entry.of(Event.LIVELOCK_ENDS, Map.of(Field.VM, "vm", Field.NOW, "x"), vq, 0);
  }

  private static Entry trouble(String text) {
    return Entry.of(Event.TROUBLE_BEGINS, Map.of(Field.TROUBLE, text), 0, 0);
  }

  @Test
  void theFirstIsWrittenAtOnceAndTheRestOfAMinuteAsOne() {
    assertThat(fold.take(begins(1), 0)).containsExactly(begins(1));
    for (int i = 1; i <= 42; i++) {
      assertThat(fold.take(begins(1), i * SECOND)).isEmpty();
    }
    assertThat(fold.due(59 * SECOND)).isEmpty();
    assertThat(fold.due(60 * SECOND)).containsExactly(begins(1).standingFor(41, 60));
    assertThat(begins(1).standingFor(41, 60).message()).endsWith(" (and 41 more in 60 s)");
    assertThat(fold.due(1000 * SECOND)).isEmpty();
  }

  @Test
  void oneThatWaitedAloneStandsForItselfOnly() {
    fold.take(begins(1), 0);
    fold.take(begins(1), SECOND);
    assertThat(fold.due(60 * SECOND)).containsExactly(begins(1));
  }

  @Test
  void whatGoesOnHasALineAMinute() {
    int lines = 0;
    for (long now = 0; now < 3600 * SECOND; now += SECOND / 10) {
      lines += fold.take(begins(1), now).size();
    }
    assertThat(lines).isEqualTo(60);
  }

  @Test
  void afterAQuietMinuteItIsNewsAgain() {
    fold.take(begins(1), 0);
    assertThat(fold.take(begins(1), 60 * SECOND)).containsExactly(begins(1));
  }

  @Test
  void eachQueueHasItsBeginAndItsEnd() {
    for (long vq = 1; vq <= 2000; vq++) {
      assertThat(fold.take(begins(vq), vq)).containsExactly(begins(vq));
    }
    for (long vq = 1; vq <= 2000; vq++) {
      assertThat(fold.take(ends(vq), SECOND + vq)).containsExactly(ends(vq));
    }
  }

  @Test
  void theLastLineOfAQueueThatFlapsSaysHowItIs() {
    fold.take(begins(1), 0);
    fold.take(ends(1), 5 * SECOND);
    for (int i = 10; i < 55; i += 5) {
      fold.take(ends(1), i * SECOND);
      fold.take(begins(1), (i + 1) * SECOND);
    }
    List<Entry> written = fold.due(60 * SECOND);
    assertThat(written)
        .extracting(Entry::event)
        .containsExactly(Event.LIVELOCK_ENDS, Event.LIVELOCK_BEGINS);
    assertThat(fold.due(70 * SECOND)).isEmpty();
  }

  @Test
  void troublesThatDifferByNumbersAloneAreTheSame() {
    assertThat(fold.take(trouble("pid 17 ended after 3 s"), 0)).hasSize(1);
    assertThat(fold.take(trouble("pid 18 ended after 4 s"), 1)).isEmpty();
    assertThat(fold.take(trouble("bpftrace is missing"), 2)).hasSize(1);
    assertThat(fold.due(60 * SECOND)).containsExactly(trouble("pid 18 ended after 4 s"));
  }

  @Test
  void differentErrorsAreDifferentThings() {
    for (Event event : List.of(Event.LIBRARY_WARNING, Event.INTERNAL_ERROR, Event.REQUEST_FAILED)) {
      assertThat(fold.take(Samples.full(event, "one", 0), 0)).hasSize(1);
      assertThat(fold.take(Samples.full(event, "another", 0), 1)).hasSize(1);
      assertThat(fold.take(Samples.full(event, "one", 0), 2)).isEmpty();
    }
  }

  @Test
  void whatAnOperatorDoesIsAnsweredEachTime() {
    Entry reloaded = Entry.of(Event.CONFIG_RELOADED, Map.of(Field.CHANGES, "x"), 0, 0);
    for (int i = 0; i < 5; i++) {
      assertThat(fold.take(reloaded, i)).containsExactly(reloaded);
    }
  }

  @Test
  void atTheEndNothingIsLeft() {
    fold.take(begins(1), 0);
    fold.take(begins(1), SECOND);
    fold.take(begins(1), 2 * SECOND);
    assertThat(fold.rest(3 * SECOND)).containsExactly(begins(1).standingFor(1, 3));
    assertThat(fold.rest(3 * SECOND)).isEmpty();
    assertThat(fold.take(begins(1), 3 * SECOND)).hasSize(1);
  }

  @Test
  void memoryHasABoundAndWhatItMakesRoomForIsWritten() {
    for (long vq = 1; vq <= Fold.MAX_KEYS; vq++) {
      fold.take(begins(vq), vq);
      fold.take(begins(vq), vq);
    }
    assertThat(fold.keys()).isEqualTo(Fold.MAX_KEYS);
    List<Entry> written = fold.take(begins(5000), SECOND);
    assertThat(written).containsExactly(begins(1), begins(5000));
    assertThat(fold.keys()).isEqualTo(Fold.MAX_KEYS);
  }

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  /**
   * Against what the page promises, on random histories: nothing is lost or told twice, what was
   * not told for a window never waits, nothing waits longer than a window, and of a key later ones
   * are never told before earlier ones.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  void nothingIsLostAndNothingWaitsLong(long seed) {
    Random random = new Random(seed);
    int keys = 1 + random.nextInt(seed % 10 == 0 ? 3000 : 20);
    long step = 1 + (long) (random.nextDouble() * 20 * SECOND);
    Map<Long, Long> happened = new HashMap<>();
    Map<Long, Long> told = new HashMap<>();
    Map<Long, Long> toldAt = new HashMap<>();
    Map<Long, Long> waits = new HashMap<>();
    Map<Long, Long> last = new HashMap<>();
    long now = 0;
    for (int i = 0; i < 2000; i++) {
      now += (long) (random.nextDouble() * step);
      List<Entry> written = new ArrayList<>(fold.due(now));
      account(written, told, waits, last);
      toldAt.putAll(times(written, now));
      long due = now;
      assertThat(waits.values()).allMatch(since -> due - since < Fold.WINDOW);
      long vq = random.nextInt(keys);
      Entry entry = Entry.of(Event.LIVELOCK_BEGINS, Map.of(), vq, i);
      boolean news = now - toldAt.getOrDefault(vq, -Fold.WINDOW) >= Fold.WINDOW;
      happened.merge(vq, 1L, Long::sum);
      waits.putIfAbsent(vq, now);
      List<Entry> at = fold.take(entry, now);
      account(at, told, waits, last);
      if (news) {
        assertThat(at).contains(entry);
      }
      toldAt.putAll(times(at, now));
      assertThat(fold.keys()).isLessThanOrEqualTo(Fold.MAX_KEYS);
    }
    account(fold.rest(now), told, waits, last);
    assertThat(told).isEqualTo(happened);
    assertThat(waits).isEmpty();
  }

  private static Map<Long, Long> times(List<Entry> written, long now) {
    Map<Long, Long> times = new HashMap<>();
    written.forEach(entry -> times.put(entry.vq(), now));
    return times;
  }

  private static void account(
      List<Entry> written, Map<Long, Long> told, Map<Long, Long> waits, Map<Long, Long> last) {
    for (Entry entry : written) {
      told.merge(entry.vq(), 1 + entry.more(), Long::sum);
      waits.remove(entry.vq());
      assertThat(last.getOrDefault(entry.vq(), -1L)).isLessThan(entry.wallMillis());
      last.put(entry.vq(), entry.wallMillis());
    }
  }
}

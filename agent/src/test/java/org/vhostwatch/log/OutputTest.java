package org.vhostwatch.log;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vhostwatch.report.ParsedJson;

/** Through the real library, with made-up time. */
@Timeout(60)
class OutputTest {

  /** Each write by itself: two that follow each other are not one line. */
  private static final class Writes extends OutputStream {
    final List<String> lines = new CopyOnWriteArrayList<>();
    volatile boolean full;

    @Override
    public void write(int one) {
      throw new AssertionError("a byte alone");
    }

    @Override
    public void write(byte[] bytes) throws IOException {
      if (full) {
        throw new IOException("No space left on device");
      }
      lines.add(new String(bytes, StandardCharsets.UTF_8));
    }
  }

  private long now;
  private final Writes stderr = new Writes();
  private final Output output = new Output(stderr, LineFormat.JOURNAL, () -> now);
  private final LoggerContext context = new LoggerContext();
  private final Logger logger = context.getLogger("vhostwatch");

  @BeforeEach
  void connect() {
    output.setContext(context);
    output.start();
    context.getLogger("ROOT").addAppender(output);
  }

  /** Returns what was written. */
  private List<String> lines() {
    output.flush();
    return stderr.lines;
  }

  private void say(Event event, Map<Field, Object> values) {
    logger.info("{}", Entry.of(event, values, 0, Samples.WALL));
  }

  @Test
  void anEventIsOneWriteWithALineEnd() {
    logger.error("{}", Samples.livelock("a\nb", "vnet3", 1));
    assertThat(lines()).hasSize(1);
    assertThat(lines().get(0))
        .startsWith("<2>livelock-begins vm=\"a\\u{a}b\" tap=vnet3 ")
        .matches("[^\\n]*\\n");
  }

  @Test
  void theFormatChangesFromOneLineToTheNext() {
    say(Event.STARTED, Map.of());
    output.change(LineFormat.JSON, Priority.INFO);
    say(Event.STARTED, Map.of(Field.VERSION, "1", Field.ADDRESS, "[::1]:80"));
    assertThat(lines().get(0)).startsWith("<6>started: ");
    assertThat(ParsedJson.object(lines().get(1)))
        .containsEntry("event", "started")
        .containsEntry("address", "[::1]:80");
  }

  @Test
  void theLevelHoldsBackWhatMattersLessAndNoLivelock() {
    output.change(LineFormat.JOURNAL, Priority.CRIT);
    say(Event.STARTED, Map.of());
    logger.error("{}", Samples.full(Event.CONFIG_REFUSED, "x", 0));
    assertThat(lines()).isEmpty();
    logger.error("{}", Samples.livelock("web01", "vnet3", 1));
    assertThat(lines()).hasSize(1);
  }

  @Test
  void incidentsKeepTheirLinesWhateverIsWritten() {
    LogRing ring = new LogRing();
    output.keepIn(ring);
    output.change(LineFormat.JSON, Priority.CRIT);
    logger.info("{}", Samples.livelock("web01", "vnet3", 1));
    logger.info("{}", Samples.livelock("web02", "vnet4", 2));
    say(Event.STARTED, Map.of(Field.VERSION, "1", Field.ADDRESS, "x"));
    say(Event.CENSUS_TAKEN, Map.of(Field.QUEUES, 3L));
    assertThat(ring.lines(1, "", "", 0, 0))
        .extracting(LogRing.Line::text)
        .hasSize(2)
        .satisfies(lines -> assertThat(lines.get(0)).contains(" crit livelock-begins vm=web01 "))
        .satisfies(
            lines ->
                assertThat(lines.get(1))
                    .isEqualTo("2026-11-18T11:06:40.007Z info started: vhostwatch 1 serves x"));
    assertThat(ring.lines(1, "", "", 1, 0)).hasSize(1);
    assertThat(ring.lines(1, "", "", 0, Samples.WALL + 1)).isEmpty();
  }

  @Test
  void linesThatNameAnotherVmStayOutOfAnIncident() {
    LogRing ring = new LogRing();
    for (String vm : List.of("web01", "web02")) {
      ring.add(
          Entry.of(
              Event.TAP_MITIGATED,
              Map.of(Field.VM, vm, Field.TAP, "vnet3", Field.FEATURES, "of " + vm),
              0,
              Samples.WALL));
      ring.add(
          Entry.of(
              Event.WORKER_UNEXPLAINED,
              Map.of(Field.VM, vm, Field.TID, 7L, Field.SUMMARY, "of " + vm),
              0,
              Samples.WALL));
    }
    ring.add(Entry.of(Event.TAP_LEFT_ALONE, Map.of(Field.TAP, "vnet4"), 0, Samples.WALL));
    ring.add(Entry.of(Event.TAP_LEFT_ALONE, Map.of(Field.TAP, "vnet3"), 0, Samples.WALL));
    ring.add(Entry.of(Event.STOPPING, Map.of(), 0, Samples.WALL));
    assertThat(ring.lines(1, "web01", "vnet3", 0, 0))
        .extracting(line -> line.text().replaceFirst("^\\S+ \\S+ ([^:]*):.*", "$1"))
        .containsExactly(
            "tap-mitigated vm=web01 tap=vnet3",
            "worker-unexplained vm=web01 tid=7",
            "tap-left-alone tap=vnet3",
            "stopping");
  }

  @Test
  void aClockThatIsSetBackTakesNoLinesFromAnIncident() {
    LogRing ring = new LogRing();
    ring.add(Samples.livelock("web01", "vnet3", 1));
    ring.add(Entry.of(Event.STOPPING, Map.of(), 0, Samples.WALL - 3_600_000));
    ring.add(Entry.of(Event.STOPPING, Map.of(), 0, Samples.WALL + 1));
    assertThat(ring.lines(1, "", "", 0, Samples.WALL))
        .extracting(LogRing.Line::wallMillis)
        .containsExactly(Samples.WALL, Samples.WALL, Samples.WALL + 1);
    assertThat(ring.lines(1, "", "", 1, Samples.WALL).get(0).text())
        .as("its own time is what it says")
        .startsWith("2026-11-18T10:06:40.007Z ");
  }

  @Test
  void theRingHasABound() {
    LogRing ring = new LogRing();
    for (int i = 0; i < 1000; i++) {
      ring.add(Samples.livelock("web01", "vnet3", 1));
    }
    assertThat(ring.lines(1, "", "", 0, 0)).hasSize(512);
  }

  @Test
  void repetitionsAreWrittenWhenTheirTimeHasComeThoughNothingFollows() {
    for (int i = 0; i < 43; i++) {
      logger.error("{}", Samples.livelock("web01", "vnet3", 1));
    }
    assertThat(lines()).hasSize(1);
    now = Fold.WINDOW - 1;
    output.due(now);
    assertThat(lines()).hasSize(1);
    now = Fold.WINDOW;
    output.due(now);
    assertThat(lines()).hasSize(2);
    assertThat(lines().get(1)).endsWith(" (and 41 more in 60 s)\n");
  }

  @Test
  void librariesAreHeardAsEventsAndForgeNoneEither() {
    context
        .getLogger("io.x")
        .warn("{}\n<0>livelock-begins: x", "a", new IllegalStateException("b\nc"));
    assertThat(lines())
        .containsExactly(
            "<4>library-warning: io.x: a\\u{a}<0>livelock-begins: x:"
                + " java.lang.IllegalStateException: b\\u{a}c\n");
    context.getLogger("io.x").error("{}", 1);
    assertThat(lines().get(1)).isEqualTo("<3>library-error: io.x: 1\n");
    context.getLogger("io.x").setLevel(Level.INFO);
    context.getLogger("io.x").info("y");
    assertThat(lines().get(2)).isEqualTo("<6>library-info: io.x: y\n");
  }

  @Test
  void aStreamThatTakesNothingStopsNobody() {
    stderr.full = true;
    say(Event.STARTED, Map.of());
    assertThat(lines()).isEmpty();
    stderr.full = false;
    say(Event.STOPPING, Map.of());
    assertThat(lines()).hasSize(1);
  }

  /** Takes whole lines, and none before it is told to go on. */
  private static final class Stuck extends OutputStream {
    final CountDownLatch writing = new CountDownLatch(1);
    final CountDownLatch go = new CountDownLatch(1);
    final List<String> written = new CopyOnWriteArrayList<>();

    @Override
    public void write(int one) {
      throw new AssertionError("a byte alone");
    }

    @Override
    public void write(byte[] bytes) {
      writing.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      written.add(new String(bytes, StandardCharsets.UTF_8));
    }
  }

  @Test
  void aStreamThatBlocksHoldsUpNobody() throws Exception {
    Stuck stuck = new Stuck();
    Output shared = new Output(stuck, LineFormat.JOURNAL, () -> 0);
    shared.append(event(0));
    stuck.writing.await();
    for (int i = 1; i <= LineWriter.MAX_LINES + 7; i++) {
      shared.append(event(i));
    }
    shared.due(Fold.WINDOW);
    shared.rest();
    assertThat(stuck.written).isEmpty();
    stuck.go.countDown();
    shared.flush();
    assertThat(stuck.written).hasSize(LineWriter.MAX_LINES + 2);
    assertThat(stuck.written.get(0)).as("it was being written").contains(" v0 ");
    assertThat(stuck.written.get(1))
        .startsWith("<4>lines-lost count=7: 7 lines of this log are lost");
    assertThat(stuck.written.get(2)).as("the oldest gave way").contains(" v8 ");
    assertThat(stuck.written.get(stuck.written.size() - 1))
        .contains(" v" + (LineWriter.MAX_LINES + 7) + " ");
  }

  @Test
  void whatWaitsIsBoundedByItsSizeToo() throws Exception {
    Stuck stuck = new Stuck();
    LineWriter writer = new LineWriter(stuck, lost -> lost + " lost\n", failure -> {});
    for (int i = 0; i < 100; i++) {
      writer.add("x".repeat(LineWriter.MAX_BYTES / 10));
    }
    stuck.go.countDown();
    writer.flush(SECONDS.toNanos(10));
    assertThat(stuck.written.stream().mapToLong(String::length).sum())
        .isBetween((long) LineWriter.MAX_BYTES / 2, LineWriter.MAX_BYTES * 5L / 4);
  }

  /** Of those that are never folded. */
  private LoggingEvent event(int number) {
    Entry entry = Entry.of(Event.STARTED, Map.of(Field.VERSION, "v" + number), 0, Samples.WALL);
    return new LoggingEvent("", logger, Level.INFO, "{}", null, new Object[] {entry});
  }

  @Test
  void manyThreadsWriteWholeLines() throws InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Output shared = new Output(bytes, LineFormat.JSON, () -> 0);
    shared.setContext(context);
    shared.start();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int number = i;
      Thread thread =
          new Thread(
              () -> {
                Logger own = context.getLogger("vhostwatch");
                for (int j = 0; j < 200; j++) {
                  own.error("{}", Samples.livelock("vm", "tap", number * 1000L + j));
                }
              });
      threads.add(thread);
    }
    context.getLogger("ROOT").addAppender(shared);
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    shared.flush();
    List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines).hasSize(1600);
    lines.forEach(line -> assertThat(ParsedJson.object(line)).hasSize(11));
  }
}

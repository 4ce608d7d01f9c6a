package org.vhostwatch.incident;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Recording;
import org.vhostwatch.probe.EvidencePlan;

/**
 * All that a recording of one capture is made of. {@code vhostwatch replay} plays it through the
 * same detector.
 *
 * @param host the host and what can be measured on it
 * @param samples workers as /proc showed them, with the times
 * @param census the census nearest to the capture, if there was one
 * @param plan what the capture measured
 * @param capture the capture
 */
public record Tape(
    Event.Host host,
    List<Sample> samples,
    Optional<Transcript> census,
    EvidencePlan plan,
    Transcript capture) {

  /** Workers, and when they were seen, CLOCK_MONOTONIC nanoseconds. */
  public record Sample(long at, Event.Workers workers) {}

  private static final Pattern PROCESS = Pattern.compile(" (?:pid|owner)=(\\d{1,10})(?= )");

  public Tape {
    samples = List.copyOf(samples);
  }

  /**
   * Returns the recording.
   *
   * @param processes census lines of others than these stay out: they are another VM's business
   */
  public byte[] bytes(Set<Integer> processes) {
    record Timed(long at, Event event) {}
    List<Timed> events = new ArrayList<>();
    samples.forEach(sample -> events.add(new Timed(sample.at(), sample.workers())));
    census.ifPresent(
        lines -> {
          events.add(new Timed(lines.begun(), new Event.Begin(Event.Source.CENSUS, null)));
          each(lines, Event.Source.CENSUS, ofProcesses(processes))
              .forEach(line -> events.add(new Timed(line.at, line.event)));
          events.add(new Timed(lines.ended(), new Event.End(Event.Source.CENSUS, "")));
        });
    events.add(new Timed(capture.begun(), new Event.Begin(Event.Source.EVIDENCE, plan)));
    each(capture, Event.Source.EVIDENCE, line -> true)
        .forEach(line -> events.add(new Timed(line.at, line.event)));
    events.add(new Timed(capture.ended(), new Event.End(Event.Source.EVIDENCE, "")));
    events.sort(Comparator.comparingLong(Timed::at));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Recording recording = Recording.to(out)) {
      recording.add(events.get(0).at(), host);
      for (Timed event : events) {
        recording.add(event.at(), event.event());
      }
    } catch (IOException e) {
      // Writing to memory does not fail.
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private record Raw(long at, Event event) {}

  private static List<Raw> each(
      Transcript transcript, Event.Source source, Predicate<String> wanted) {
    return transcript.lines().stream()
        .filter(line -> wanted.test(line.text()))
        .map(line -> new Raw(line.at(), new Event.Line(source, line.text())))
        .toList();
  }

  private static Predicate<String> ofProcesses(Set<Integer> processes) {
    return line -> {
      // The tap's name comes last and may hold anything: what is in it is no field.
      int names = line.indexOf(" tap=");
      Matcher matcher = PROCESS.matcher(names < 0 ? line : line.substring(0, names + 1));
      while (matcher.find()) {
        long pid = Long.parseLong(matcher.group(1));
        if (pid <= Integer.MAX_VALUE && processes.contains((int) pid)) {
          return true;
        }
      }
      return false;
    };
  }
}

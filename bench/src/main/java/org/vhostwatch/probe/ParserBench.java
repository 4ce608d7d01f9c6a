package org.vhostwatch.probe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.RecordingReader;

/** Reading what bpftrace prints: lines and map keys a second. */
@OutputTimeUnit(TimeUnit.SECONDS)
public class ParserBench {

  /** One operation reads all lines; these count what was in them. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counts {
    public long lines;
    public long keys;

    Message count(Message message) {
      lines++;
      keys += message instanceof Message.MapDump dump ? dump.entries().size() : 0;
      return message;
    }
  }

  /** What bpftrace 0.23 printed on 6.18.15 while evidence of a livelock was taken. */
  @State(Scope.Benchmark)
  public static class Recorded {
    private final List<String> lines = new ArrayList<>();

    /** Reads the recording. */
    @Setup
    public void read() throws Exception {
      Path copy = Files.createTempFile("recording", ".ndjson");
      try (var recording =
          RecordingReader.class.getResourceAsStream("lab/6.18.15-livelock.ndjson")) {
        Files.copy(recording, copy, StandardCopyOption.REPLACE_EXISTING);
        RecordingReader.read(
            copy,
            (at, event) -> {
              if (event instanceof Event.Line line && line.source() == Event.Source.EVIDENCE) {
                lines.add(line.text());
              }
            });
      } finally {
        Files.delete(copy);
      }
      if (lines.size() < 100) {
        throw new IllegalStateException("only " + lines.size() + " lines in the recording");
      }
    }
  }

  /** One map of a sentinel on a host where 2,000 queues have spun. */
  @State(Scope.Benchmark)
  public static class Crowded {
    private final String line =
        LongStream.range(0, 2000)
            .mapToObj(i -> "\"" + (-131391521750848L + 0x8000 * i) + "\": " + (13_070 + i))
            .collect(
                Collectors.joining(", ", "{\"type\": \"map\", \"data\": {\"@passes\": {", "}}}"));
  }

  @Benchmark
  public void recordedLines(Recorded recorded, Counts counts, Blackhole hole) {
    for (String line : recorded.lines) {
      hole.consume(counts.count(MessageParser.parse(line)));
    }
  }

  @Benchmark
  public Message mapOfTwoThousandKeys(Crowded crowded, Counts counts) {
    return counts.count(MessageParser.parse(crowded.line));
  }
}

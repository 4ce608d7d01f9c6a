package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Makes evidence of the messages of one capture. The last print of a map stands for all. */
public final class EvidenceAssembler {

  private static final int MAX_STACKS = 20;

  /** Printed as bpftrace ends, and not before. */
  private static final List<String> EXIT_MAPS =
      List.of("@notify_ret", "@desc_ret", "@peek_ret", "@get_rx_ret", "@stack");

  private static final Pattern TRACER =
      Pattern.compile(
          "^(arch_)?rethook|kprobe|ftrace_|^bpf_prog_|^trace_call_bpf|^optimized_callback");

  private final EvidencePlan plan;
  private final SentinelAssembler spins;
  private final PrintedMaps maps = new PrintedMaps();

  public EvidenceAssembler(EvidencePlan plan) {
    this.plan = plan;
    this.spins = new SentinelAssembler(plan.indices());
  }

  /** Takes a message; returns a frame of spin counters when it ends one. */
  public Optional<SentinelFrame> accept(Message message) {
    if (message instanceof Message.MapDump dump) {
      maps.put(dump);
    }
    return spins.accept(message);
  }

  /** Returns the last frame of spin counters, the one that bpftrace prints as it ends. */
  public Optional<SentinelFrame> finishFrame() {
    return spins.finish();
  }

  /** Returns the evidence of each queue that spun on one of the captured workers. */
  public List<Evidence> finish() {
    List<Evidence> all = new ArrayList<>();
    for (Map.Entry<String, Long> entry : maps.entries("@passes").entrySet()) {
      String vq = entry.getKey();
      long worker = maps.value("@worker", vq);
      if (plan.workers().contains((int) worker)) {
        try {
          all.add(evidence(vq, String.valueOf(worker), entry.getValue()));
        } catch (NumberFormatException e) {
          // Our script has numbers only: a key that is none is damaged, and its entry with it.
        }
      }
    }
    all.sort(Comparator.comparingLong(Evidence::vq));
    return all;
  }

  /** Returns the stacks of each captured worker that was seen to run. */
  public List<WorkerStacks> finishStacks() {
    return plan.workers().stream()
        .sorted()
        .map(tid -> new WorkerStacks(tid, stacks(String.valueOf(tid))))
        .filter(worker -> !worker.stacks().isEmpty())
        .toList();
  }

  private Evidence evidence(String vq, String tid, long passes) {
    SortedMap<Long, Long> descriptors = histogram("@desc_ret", vq);
    SortedMap<Long, Long> returns = histogram("@get_rx_ret", tid);
    // Older recordings have those of the worker, whichever queue it asked for.
    SortedMap<Long, Long> notify = histogram("@notify_ret", vq);
    boolean derived = !plan.getRxBufs();
    // These are printed at the end, which a bpftrace that was killed did not come to; an empty map
    // is not printed either. Stacks, returns: something of a worker that made passes is.
    boolean ended = EXIT_MAPS.stream().anyMatch(maps::has);
    long recvmsg =
        plan.recvmsg() && ended
            ? maps.value("@recvmsg", tid) + maps.value("@recvmsg_tap", tid)
            : -1;
    if (derived) {
      returns = derive(descriptors, passes, recvmsg);
    }
    return new Evidence(
        Numbers.parse(vq),
        Integer.parseInt(tid),
        maps.value("@first", vq),
        maps.value("@seen", vq),
        passes,
        maps.value("@episodes", vq),
        histogram("@rolled_back", vq),
        returns,
        derived,
        histogram("@peek_ret", tid),
        plan.peekFunction(),
        descriptors,
        plan.descriptorFunction(),
        notify.isEmpty() ? histogram("@notify_ret", tid) : notify,
        recvmsg,
        plan.signalled() && ended ? maps.value("@signalled", vq) : -1,
        plan.gaveUp() && ended ? maps.value("@gave_up", tid) : -1,
        stacks(tid));
  }

  /**
   * Where get_rx_bufs is inlined: a pass that gave descriptors back returned 0, or the error that
   * the fetch returned; a packet received followed a positive return.
   */
  private static SortedMap<Long, Long> derive(
      SortedMap<Long, Long> descriptors, long passes, long recvmsg) {
    SortedMap<Long, Long> returns = new TreeMap<>();
    long errors = 0;
    for (Map.Entry<Long, Long> entry : descriptors.headMap(0L).entrySet()) {
      returns.put(entry.getKey(), entry.getValue());
      errors += entry.getValue();
    }
    returns.put(0L, Math.max(0, passes - errors));
    if (recvmsg > 0) {
      returns.put(1L, recvmsg);
    }
    return returns;
  }

  private List<Evidence.Stack> stacks(String tid) {
    Map<List<String>, Long> samples = new HashMap<>();
    for (Map.Entry<String, Long> entry : maps.entries("@stack").entrySet()) {
      int comma = entry.getKey().indexOf(',');
      if (comma > 0 && entry.getKey().substring(0, comma).equals(tid)) {
        List<String> frames = withoutTracer(frames(entry.getKey().substring(comma + 1)));
        samples.merge(frames, entry.getValue(), Long::sum);
      }
    }
    return samples.entrySet().stream()
        .map(entry -> new Evidence.Stack(entry.getValue(), entry.getKey()))
        .sorted(
            Comparator.comparingLong(Evidence.Stack::samples)
                .reversed()
                .thenComparing(stack -> String.join("\n", stack.frames())))
        .limit(MAX_STACKS)
        .toList();
  }

  /** Our own probes are on the stack too: what is above the last of their frames is not the bug. */
  private static List<String> withoutTracer(List<String> frames) {
    for (int i = frames.size() - 1; i >= 0; i--) {
      if (TRACER.matcher(frames.get(i)).find()) {
        return frames.subList(i + 1, frames.size());
      }
    }
    return frames;
  }

  /** bpftrace 0.22 and 0.23 escape the line ends in a key twice. */
  private static List<String> frames(String text) {
    List<String> frames = new ArrayList<>();
    for (String frame : text.replace("\\n", "\n").split("\n", -1)) {
      if (!frame.isBlank()) {
        frames.add(frame.strip());
      }
    }
    return frames;
  }

  private SortedMap<Long, Long> histogram(String name, String owner) {
    SortedMap<Long, Long> histogram = new TreeMap<>();
    maps.entries(name)
        .forEach(
            (key, count) -> {
              int comma = key.indexOf(',');
              if (comma > 0 && key.substring(0, comma).equals(owner)) {
                try {
                  histogram.put(Numbers.parse(key.substring(comma + 1)), count);
                } catch (NumberFormatException e) {
                  // One damaged key must not cost the evidence.
                }
              }
            });
    return Collections.unmodifiableSortedMap(histogram);
  }
}

package org.vhostwatch.probe;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;

/** What bpftrace prints. */
public final class ProbeTargets {

  private static final EvidencePlan PLAN =
      new EvidencePlan(
          Set.of(183, 453),
          true,
          false,
          "vhost_net_buf_peek",
          "vhost_get_vq_desc_n",
          true,
          true,
          true);

  private ProbeTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "census",
            "plain lines of the census",
            4096,
            128 << 10,
            2048,
            () -> ProbeTargets::census),
        new FuzzTarget(
            "messages",
            "JSON lines of sentinel, evidence and histograms",
            4096,
            512 << 10,
            4096,
            () -> ProbeTargets::messages),
        new FuzzTarget(
            "bpftrace-version",
            "what bpftrace --version prints",
            256,
            16 << 10,
            256,
            () -> ProbeTargets::version));
  }

  private static void census(byte[] input) {
    CensusAssembler assembler = new CensusAssembler();
    List<String> lines = new String(input, StandardCharsets.UTF_8).lines().toList();
    long claims = lines.stream().filter(ProbeTargets::claims).count();
    lines.forEach(assembler::accept);
    Census census = assembler.finish();
    Claim.that(census.queues().size() + census.rejected() <= claims, "more than its lines", census);
    Set<Long> addresses = new HashSet<>();
    for (CensusQueue queue : census.queues()) {
      Claim.that(addresses.add(queue.vq()), "a queue twice", queue);
      Claim.that(
          index(queue.num())
              && index(queue.availIdx())
              && index(queue.lastAvailIdx())
              && index(queue.lastUsedIdx())
              && index(queue.txLastAvailIdx())
              && index(queue.postedBuffers())
              && index(queue.queueIndex()),
          "an index out of range",
          queue);
      Claim.that(queue.pid() >= 0 && queue.workerTid() >= 0 && queue.waiting() >= 0, "below 0");
    }
    // Alone in its census, each line is a queue, or a tap, or counted as rejected.
    for (String line : lines) {
      CensusAssembler one = new CensusAssembler();
      one.accept(line);
      Census alone = one.finish();
      if (line.startsWith("queue ")) {
        Claim.same(1, alone.queues().size() + alone.rejected(), "a queue's line");
      } else {
        Claim.that(alone.queues().isEmpty(), "a queue of", line);
      }
    }
  }

  private static boolean claims(String line) {
    return line.startsWith("queue ")
        || line.startsWith("tapfile ")
        || line.endsWith(LineReader.CUT);
  }

  private static boolean index(int number) {
    return number >= 0 && number <= 0xffff;
  }

  private static void messages(byte[] input) {
    SentinelAssembler sentinel = new SentinelAssembler(true);
    EvidenceAssembler evidence = new EvidenceAssembler(PLAN);
    HistogramAssembler histograms = new HistogramAssembler();
    ReturnCounts counts = ReturnCounts.NONE;
    for (String line : new String(input, StandardCharsets.UTF_8).lines().toList()) {
      Message message = MessageParser.parse(line);
      if (message instanceof Message.Rejected rejected) {
        Claim.that(
            (line.startsWith("{") || line.endsWith(LineReader.CUT)) && !rejected.reason().isEmpty(),
            "rejected",
            line);
      } else if (message instanceof Message.Printf printf) {
        Claim.same(printf.text().stripTrailing(), printf.text(), "a printf");
      }
      sentinel.accept(message).ifPresent(ProbeTargets::frame);
      evidence.accept(message).ifPresent(ProbeTargets::frame);
      histograms.accept(message);
      counts = counts.plus(histograms.counts());
    }
    sentinel.finish().ifPresent(ProbeTargets::frame);
    evidence.finishFrame().ifPresent(ProbeTargets::frame);
    for (Evidence seen : evidence.finish()) {
      Claim.that(PLAN.workers().contains(seen.tid()), "evidence of another worker", seen.tid());
      ReturnCounts.of(seen, 256);
    }
    for (WorkerStacks stacks : evidence.finishStacks()) {
      Claim.that(PLAN.workers().contains(stacks.tid()), "a stack of another worker");
      Claim.that(stacks.stacks().size() <= 20, "stacks without an end");
    }
  }

  private static void frame(SentinelFrame frame) {
    for (SpinCounters queue : frame.queues()) {
      Claim.that(queue.episodeNanos() >= 0 && queue.episodePasses() >= 0, "below 0", queue);
      Claim.that(index(queue.rewoundAvailIdx()), "an index out of range", queue);
    }
    frame.queues().forEach(queue -> queue.goesOn(frame.kernelNanos()));
  }

  private static void version(byte[] input) {
    BpftraceVersion.parse(new String(input, StandardCharsets.UTF_8))
        .ifPresent(
            version -> {
              Claim.same(
                  version,
                  BpftraceVersion.parse("bpftrace v" + version).orElseThrow(),
                  "a version");
              version.atLeast(BpftraceVersion.MINIMUM);
            });
  }
}

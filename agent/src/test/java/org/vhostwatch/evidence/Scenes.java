package org.vhostwatch.evidence;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.exposure.Clue;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.report.Samples;

/**
 * Examinations as event lists, like those of real hosts: what bpftrace and /proc said, and when.
 */
public final class Scenes {

  private static final String VQ = "18446612682182951104";
  private static final long SECOND = 1_000_000_000L;

  /** An event and its time. */
  public record Timed(long at, Event event) {}

  private final List<Timed> events = new ArrayList<>();
  private long now = 2_000 * SECOND;

  private Scenes() {}

  /** A livelock with a capture of it: 6.18 and bpftrace 0.23. */
  public static List<Timed> livelock() {
    Scenes scene = new Scenes();
    scene.host("6.18.15+deb14-cloud-amd64", "0.23.2", true).workers('R', 1_000);
    scene.census("avail=10 last=7 used=1", 1);
    scene.pass(SECOND).workers('R', 1_100);
    EvidencePlan plan =
        new EvidencePlan(
            Set.of(183),
            true,
            false,
            "vhost_net_buf_peek",
            "vhost_get_vq_desc_n",
            true,
            true,
            true);
    scene.add(new Event.Begin(Event.Source.EVIDENCE, plan));
    scene.evidence("{\"type\": \"attached_probes\", \"data\": {\"probes\": 12}}");
    scene.evidence(printf("ready"));
    long start = scene.now;
    scene.pass(SECOND).frame(start, 45_000);
    scene.pass(SECOND).workers('R', 1_300).census("avail=10 last=3 used=1", 1);
    // Ticks get lost; the exit frame tells the rest.
    scene.pass(3 * SECOND).workers('R', 1_600);
    scene.evidence(printf("tick " + scene.now)).evidence("").evidence("");
    scene.evidence(map("@avail", VQ, 10)).evidence(map("@back", VQ, 8));
    scene.evidence(map("@desc_ret", VQ + ",1", 225_001, VQ + ",2", 225_001, VQ + ",256", 225_000));
    scene.evidence(map("@episodes", VQ, 1)).evidence(map("@spun", VQ, 4_999_000_000L));
    scene.evidence(map("@first", VQ, start)).evidence(map("@gave_up", "183", 878));
    scene.evidence(map("@last", VQ, 10)).evidence(map("@notify_ret", VQ + ",1", 225_000));
    scene.evidence(map("@num", VQ, 256)).evidence(map("@passes", VQ, 225_001));
    scene.evidence(map("@peek_ret", "183,60366", 225_000));
    scene.evidence(map("@rolled_back", VQ + ",8", 225_001));
    scene.evidence(map("@seen", VQ, scene.now - 20_000)).evidence(map("@start", VQ, start));
    scene.evidence(
        map("@stack", "183,\\\\n    handle_rx+412\\\\n    vhost_run_work_list+72\\\\n", 240));
    scene.evidence(map("@used", VQ, 1)).evidence(map("@worker", VQ, 183));
    scene.evidence("{\"type\": \"map\", \"data\": {\"@broken\": {\"1\": 4b}}}");
    scene.pass(SECOND / 10).add(new Event.End(Event.Source.EVIDENCE, ""));
    scene.add(
        new Event.Around(
            Samples.surroundings(Long.parseUnsignedLong(VQ), "tap\u0007%d\ufffd", 0, 812)));
    return scene.events;
  }

  /** A starved queue on a fixed kernel: two censuses and a sentinel with nothing to say. */
  public static List<Timed> stall() {
    Scenes scene = new Scenes();
    scene.host("6.12.107+deb13-cloud-amd64", "0.23.2", true).workers('S', 500);
    scene.census("avail=10 last=1 used=1", 1).pass(SECOND);
    scene.watch("avail=10 last=1 used=1", 1, 'S', 500, 0);
    scene.add(
        new Event.Around(
            new Surroundings(
                Long.parseUnsignedLong(VQ),
                5_000_000_000L,
                Optional.of(new Surroundings.Scheduling(1, "", -5, 0, 0, -1, -1)),
                Optional.of(
                    new Surroundings.VmmState(
                        178, 'T', 4, 4, Optional.empty(), 0, List.of(), Optional.empty())),
                List.of(),
                true,
                Optional.empty(),
                List.of("tap: not seen in the network namespace of the VMM"))));
    return scene.events;
  }

  /** Traffic that flows; the tap's and the VM's names are as hostile as names can be. */
  public static List<Timed> healthy() {
    Scenes scene = new Scenes();
    scene.host("6.1.0-56-amd64", "0.17.0", true).workers('S', 500);
    scene.census("avail=62438 last=62262 used=62262", 0).pass(SECOND);
    scene.watch("avail=2438 last=2262 used=2262", 0, 'R', 500, 30);
    return scene.events;
  }

  /** A storm of kicks on a queue that holds nothing: the worker is busy, and nothing moves. */
  public static List<Timed> storm() {
    Scenes scene = new Scenes();
    scene.host("6.18.15+deb14-cloud-amd64", "0.23.2", true).workers('R', 1_000);
    scene.pass(SECOND).census("avail=10 last=1 used=1", 0).workers('R', 1_098);
    EvidencePlan plan =
        new EvidencePlan(
            Set.of(183),
            true,
            false,
            "vhost_net_buf_peek",
            "vhost_get_vq_desc_n",
            true,
            true,
            true);
    scene.add(new Event.Begin(Event.Source.EVIDENCE, plan));
    scene.evidence(printf("ready"));
    for (int i = 1; i <= 5; i++) {
      scene.pass(SECOND).workers('R', 1_098 + 97 * i);
      scene.evidence(printf("tick " + scene.now)).evidence(printf("end " + scene.now));
    }
    scene.census("avail=10 last=1 used=1", 0);
    scene.evidence(printf("tick " + scene.now));
    scene.evidence(map("@notify_ret", VQ + ",0", 240_000));
    scene.evidence(
        map(
            "@stack",
            "183,\\\\n    mutex_lock+18\\\\n    handle_tx+45\\\\n    vhost_run_work_list+72\\\\n",
            150,
            "183,\\\\n    __schedule+912\\\\n    vhost_task_fn+200\\\\n",
            40));
    scene.pass(SECOND / 10).add(new Event.End(Event.Source.EVIDENCE, ""));
    return scene.events;
  }

  /** No bpftrace: only /proc. */
  public static List<Timed> blind() {
    Scenes scene = new Scenes();
    scene.host("6.18.15+deb14-cloud-amd64", "", false).workers('R', 1_000);
    for (int i = 1; i <= 6; i++) {
      scene.pass(SECOND).workers('R', 1_000 + 100 * i);
    }
    scene.add(
        new Event.End(Event.Source.CENSUS, "bpftrace is not installed: \u001b[31minstall it"));
    return scene.events;
  }

  /** No function can be probed: a busy worker and two censuses between which nothing moves. */
  static List<Timed> censuses(Exposure exposure) {
    Scenes scene = new Scenes();
    scene.host("6.18.15+deb14-cloud-amd64", "0.23.2", true, exposure).workers('R', 1_000);
    scene.pass(SECOND).workers('R', 1_100).census("avail=10 last=1 used=1", 1);
    for (int i = 2; i <= 6; i++) {
      scene.pass(SECOND).workers('R', 1_000 + 100 * i);
    }
    scene.census("avail=10 last=1 used=1", 1).workers('R', 1_601);
    return scene.events;
  }

  /** Returns what is found in events. */
  public static Findings findings(List<Timed> events) {
    Diagnosis diagnosis = new Diagnosis(Settings.DEFAULT);
    events.forEach(timed -> diagnosis.accept(timed.at(), timed.event()));
    return diagnosis.findings();
  }

  private void watch(String indices, int tail, char state, long ticks, long growth) {
    add(new Event.Begin(Event.Source.SENTINEL, null));
    add(new Event.Line(Event.Source.SENTINEL, printf("ready")));
    for (int i = 1; i <= 5; i++) {
      pass(SECOND).workers(state, ticks + growth * i);
      add(new Event.Line(Event.Source.SENTINEL, printf("tick " + now)));
      add(new Event.Line(Event.Source.SENTINEL, printf("end " + now)));
    }
    census(indices, tail);
    add(new Event.Line(Event.Source.SENTINEL, printf("tick " + now)));
    pass(SECOND / 10).add(new Event.End(Event.Source.SENTINEL, ""));
  }

  private Scenes host(String kernel, String bpftrace, boolean indices) {
    return host(kernel, bpftrace, indices, Exposure.AFFECTED);
  }

  private Scenes host(String kernel, String bpftrace, boolean indices, Exposure exposure) {
    return add(
        new Event.Host(
            1_795_000_000_000L,
            kernel,
            bpftrace,
            indices,
            List.of(
                new Measurement("census", "iter:task_file", Measurement.Quality.MEASURED),
                new Measurement(
                    "get_rx_ret", "get_rx_bufs is inlined", Measurement.Quality.DERIVED)),
            Optional.of(
                new KernelExposure(
                    exposure,
                    "Linux 6.18.15 is affected",
                    "6.18.15",
                    List.of(
                        new Clue(
                            Clue.Source.VERSION,
                            Exposure.AFFECTED,
                            true,
                            "Linux 6.18.15 is affected"))))));
  }

  private Scenes workers(char state, long ticks) {
    return add(
        new Event.Workers(
            List.of(
                new Worker(
                    183, 178, 4_711, "vhost-178", Worker.Kind.VMM_THREAD, state, ticks, 0, 1, 0)),
            List.of(
                new Vmm(
                    178,
                    4_000,
                    "qemu-system-x86",
                    "web01 \ud83d\ude00 \\ \u202e\ud83d",
                    Optional.of("0f0e5d3c-7b2a-4c55-9a1e-3f6f0a5d1b22"),
                    Optional.empty()))));
  }

  private Scenes census(String indices, int tail) {
    add(new Event.Begin(Event.Source.CENSUS, null));
    add(new Event.Line(Event.Source.CENSUS, "Attaching 1 probe..."));
    add(
        new Event.Line(
            Event.Source.CENSUS,
            "queue vq="
                + VQ
                + " pid=178 fd=5 owner=178 worker=183 num=256 "
                + indices
                + " txlast=0 features=4295000064 busyloop=0 head=0 tail="
                + tail
                + " packet=18446612682154057472 bytes=60366 backend=1 index=0 tap=tap\u0007%d\ufffd"));
    return add(new Event.End(Event.Source.CENSUS, ""));
  }

  private Scenes frame(long start, long passes) {
    evidence(printf("tick " + now));
    evidence(map("@passes", VQ, passes)).evidence(map("@episodes", VQ, 1));
    evidence(map("@start", VQ, start)).evidence(map("@seen", VQ, now - 20_000));
    evidence(map("@used", VQ, 1)).evidence(map("@avail", VQ, 10)).evidence(map("@last", VQ, 10));
    evidence(map("@num", VQ, 256)).evidence(map("@back", VQ, 8));
    return evidence(map("@worker", VQ, 183)).evidence(printf("end " + now));
  }

  private Scenes evidence(String line) {
    return add(new Event.Line(Event.Source.EVIDENCE, line));
  }

  private Scenes add(Event event) {
    events.add(new Timed(now, event));
    now += 1_000;
    return this;
  }

  private Scenes pass(long nanos) {
    now += nanos;
    return this;
  }

  private static String printf(String text) {
    return "{\"type\": \"printf\", \"data\": \"" + text + "\\n\"}";
  }

  private static String map(String name, Object... keysAndValues) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      text.append(i == 0 ? "" : ", ")
          .append('"')
          .append(keysAndValues[i])
          .append("\": ")
          .append(keysAndValues[i + 1]);
    }
    return "{\"type\": \"map\", \"data\": {\"" + name + "\": {" + text + "}}}";
  }
}

package org.vhostwatch.evidence;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.BusyWatch;
import org.vhostwatch.detect.Detector;
import org.vhostwatch.detect.HostState;
import org.vhostwatch.detect.Observation;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.CensusAssembler;
import org.vhostwatch.probe.EvidenceAssembler;
import org.vhostwatch.probe.Message;
import org.vhostwatch.probe.MessageParser;
import org.vhostwatch.probe.SentinelAssembler;
import org.vhostwatch.probe.SentinelFrame;

/**
 * Folds events into findings. Knows no clock and does no I/O: live examinations and recordings go
 * through the same code. Not thread-safe.
 */
public final class Diagnosis {

  private static final int MAX_TROUBLES = 20;

  private final Settings settings;
  private Detector detector;
  private final BusyWatch busy;
  private HostState state = HostState.EMPTY;
  private Optional<Event.Host> host = Optional.empty();
  private List<Worker> workers = List.of();
  private final Map<Integer, Vmm> vmms = new LinkedHashMap<>();
  private Map<WorkerId, TapPort> ports = Map.of();
  private final Map<Long, Surroundings> around = new LinkedHashMap<>();
  private final List<String> troubles = new ArrayList<>();
  private @Nullable CensusAssembler census;

  /** When the first line of the census came. */
  private long censusRead = Long.MAX_VALUE;

  private @Nullable SentinelAssembler sentinel;
  private @Nullable EvidenceAssembler evidence;
  private int censuses;
  private int captures;
  private long rejected;
  private long lost;
  private long firstAt = Long.MIN_VALUE;
  private long lastAt;

  public Diagnosis(Settings settings) {
    this.settings = settings;
    this.detector = new Detector(settings);
    // Two censuses are no longer apart.
    this.busy = new BusyWatch(settings.confirm());
  }

  /**
   * Takes an event.
   *
   * @param at when it happened, CLOCK_MONOTONIC nanoseconds; never before the one before
   */
  public void accept(long at, Event event) {
    firstAt = firstAt == Long.MIN_VALUE ? at : firstAt;
    lastAt = at;
    if (event instanceof Event.Host seen) {
      host = Optional.of(seen);
      boolean fixed = seen.exposure().filter(rated -> rated.status() == Exposure.FIXED).isPresent();
      detector = new Detector(settings.onKernel(fixed));
    } else if (event instanceof Event.Workers seen) {
      workers = seen.workers();
      seen.vmms().forEach(vmm -> vmms.put(vmm.pid(), vmm));
      observe(new Observation.Workers(workers, at), at);
      busy.look(workers, verdicts(), at);
    } else if (event instanceof Event.Ports seen) {
      ports = seen.ports();
    } else if (event instanceof Event.Around seen) {
      around.put(seen.surroundings().vq(), seen.surroundings());
    } else if (event instanceof Event.Begin begin) {
      begin(begin);
    } else if (event instanceof Event.Line line) {
      line(line, at);
    } else if (event instanceof Event.End end) {
      end(end, at);
    }
  }

  /** Returns the verdicts as of the last event. */
  public List<QueueVerdict> verdicts() {
    return detector.judge(state, lastAt);
  }

  /** Returns workers that use a whole CPU, whatever with. */
  public Set<Integer> busy() {
    return busy.busy();
  }

  /** Returns all that was found up to the last event. */
  public Findings findings() {
    double seconds = firstAt == Long.MIN_VALUE ? 0 : (lastAt - firstAt) / 1e9;
    List<QueueVerdict> verdicts = verdicts();
    return new Findings(
        host,
        seconds,
        verdicts,
        workers,
        List.copyOf(vmms.values()),
        ports,
        censuses,
        captures,
        rejected,
        lost,
        troubles,
        around,
        verdicts,
        busy.unexplained(verdicts));
  }

  private void begin(Event.Begin begin) {
    boolean indices = host.map(Event.Host::indices).orElse(true);
    switch (begin.source()) {
      case CENSUS -> {
        census = new CensusAssembler();
        censusRead = Long.MAX_VALUE;
      }
      case SENTINEL -> sentinel = new SentinelAssembler(indices);
      case EVIDENCE -> {
        if (begin.plan() != null) {
          evidence = new EvidenceAssembler(begin.plan());
        }
      }
    }
  }

  private void line(Event.Line line, long at) {
    if (line.source() == Event.Source.CENSUS) {
      if (census != null) {
        census.accept(line.text());
        censusRead = Math.min(censusRead, at);
      }
      return;
    }
    Message message = MessageParser.parse(line.text());
    if (message instanceof Message.Rejected) {
      rejected++;
    } else if (message instanceof Message.LostEvents events) {
      lost += events.count();
    }
    if (line.source() == Event.Source.SENTINEL && sentinel != null) {
      sentinel.accept(message).ifPresent(frame -> frame(frame, at));
    } else if (line.source() == Event.Source.EVIDENCE && evidence != null) {
      evidence.accept(message).ifPresent(frame -> frame(frame, at));
    }
  }

  private void end(Event.End end, long at) {
    if (!end.trouble().isEmpty() && troubles.size() < MAX_TROUBLES) {
      troubles.add(end.trouble());
    }
    switch (end.source()) {
      case CENSUS -> endCensus(end, at);
      case SENTINEL -> {
        if (sentinel != null) {
          sentinel.finish().ifPresent(frame -> frame(frame, at));
          captures += end.trouble().isEmpty() ? 1 : 0;
        }
        sentinel = null;
      }
      case EVIDENCE -> {
        if (evidence != null) {
          evidence.finishFrame().ifPresent(frame -> frame(frame, at));
          observe(new Observation.Capture(evidence.finish()), at);
          busy.captured(evidence.finishStacks());
          captures += end.trouble().isEmpty() ? 1 : 0;
        }
        evidence = null;
      }
    }
  }

  private void endCensus(Event.End end, long at) {
    if (census != null) {
      Census taken = census.finish();
      rejected += taken.rejected();
      // Half a census would make the other half of the queues vanish.
      if (end.trouble().isEmpty()) {
        censuses++;
        observe(new Observation.Queues(taken, censusRead), at);
        busy.census(taken.queues(), at);
      }
    }
    census = null;
  }

  private void frame(SentinelFrame frame, long at) {
    observe(new Observation.Spins(frame), at);
  }

  private void observe(Observation observation, long at) {
    state = detector.next(state, observation, at);
  }
}

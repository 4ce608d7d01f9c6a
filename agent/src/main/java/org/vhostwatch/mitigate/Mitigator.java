package org.vhostwatch.mitigate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.vhostwatch.libc.Feature;
import org.vhostwatch.libc.Interfaces;
import org.vhostwatch.state.StateDirectory;

/**
 * Turns segmentation offloads of taps off, and on again as they were. What was before is on disk
 * for all taps before the first one is changed, so a run that is killed can be undone.
 *
 * <p>A tap is known by the boot, its network namespace (number and cookie) and its index there: it
 * may be renamed meanwhile, and another tap that has got its name is another tap.
 */
public final class Mitigator {
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  /** What fits into one buffer, as drivers post them, or into few. */
  private static final int USUAL_MTU = 1500;

  /** After so many taps without an answer the others will not get one either. */
  private static final int MAX_LATE = 2;

  /** Who asks. */
  public enum By {
    /** An operator: may do as they like. */
    OPERATOR,
    /** The daemon: leaves alone what an operator has restored. */
    DAEMON
  }

  private final Journal journal;
  private final Duration limit;
  private final Clock clock;
  private final Look look;

  /** How a tap is looked at. */
  @FunctionalInterface
  interface Look {

    /** Returns the tap, empty if it is gone. May wait for rtnl. */
    Optional<Seen> at(Target target) throws IOException;
  }

  /**
   * @param state folder that keeps what was before
   * @param limit how long the kernel may take for one tap
   */
  public Mitigator(StateDirectory state, Duration limit) {
    this(state, limit, Clock.systemUTC(), Seen::of);
  }

  Mitigator(StateDirectory state, Duration limit, Clock clock, Look look) {
    this.journal = new Journal(state);
    this.limit = limit;
    this.clock = clock;
    this.look = look;
  }

  /** A tap with what is to be done on it: nothing, with a message why, if it could not be seen. */
  private record Plan(
      Target target,
      Seen seen,
      SortedMap<String, Boolean> on,
      TapResult.Outcome unseen,
      String message) {
    static Plan of(Target target, Seen seen, SortedMap<String, Boolean> on) {
      return new Plan(target, seen, on, TapResult.Outcome.NOTHING_TO_DO, "");
    }

    static Plan unseen(Target target, TapResult.Outcome outcome, String message) {
      return new Plan(target, Seen.none(target), new TreeMap<>(), outcome, message);
    }

    TapResult result(TapResult.Outcome outcome, List<Change> changes, String text) {
      List<String> notes = new ArrayList<>(target.waiting());
      if (!target.attached() && !target.macvtap() && message.isEmpty()) {
        notes.add(
            "its guest's driver is not up: what the VMM requests when it starts, such as UDP"
                + " segmentation, is not off then; run this again when it is up");
      }
      if (seen.mtu() > USUAL_MTU) {
        notes.add(
            "its MTU is "
                + seen.mtu()
                + ": one packet of that size may still need several buffers, and livelock a queue"
                + " that has fewer; offloads off does not prevent that");
      }
      return new TapResult(
          seen.name(), seen.ifindex(), seen.netns(), target.vm(), outcome, changes, text, notes);
    }

    boolean changes() {
      return message.isEmpty() && !on.isEmpty();
    }
  }

  /**
   * Returns what {@link #apply} would do, and changes nothing.
   *
   * @param force whether taps that are not exposed are meant too
   */
  public List<TapResult> plan(List<Target> targets, boolean force) throws InterruptedException {
    List<TapResult> results = new ArrayList<>();
    for (Plan plan : look(targets, force)) {
      if (plan.changes()) {
        results.add(plan.result(TapResult.Outcome.WOULD_CHANGE, off(plan.on(), false), ""));
      } else {
        results.add(untouched(plan));
      }
    }
    return results;
  }

  /**
   * Turns the offloads of taps off.
   *
   * @param force whether taps that are not exposed are meant too
   * @return one result a tap, in order
   * @throws IOException if what was before cannot be kept: then nothing was changed
   */
  public List<TapResult> apply(List<Target> targets, boolean force, By by)
      throws IOException, InterruptedException {
    return journal.alone(limit, () -> applyAlone(targets, force, by));
  }

  private List<TapResult> applyAlone(List<Target> targets, boolean force, By by)
      throws IOException, InterruptedException {
    List<Entry> entries = journal.read();
    List<Plan> plans = look(targets, force);
    String boot = boot();
    List<Plan> act = new ArrayList<>();
    for (Plan plan : plans) {
      if (plan.changes() && !(by == By.DAEMON && released(entries, boot, plan.seen()))) {
        act.add(plan);
      }
    }
    if (!act.isEmpty()) {
      List<Entry> kept = stillThere(entries, boot);
      act.forEach(plan -> remember(kept, boot, plan));
      journal.write(kept);
    }
    List<TapResult> results = new ArrayList<>();
    int late = 0;
    for (Plan plan : plans) {
      if (!plan.changes()) {
        results.add(untouched(plan));
      } else if (!act.contains(plan)) {
        results.add(
            plan.result(
                TapResult.Outcome.LEFT_ALONE, List.of(), "an operator took it back (--undo)"));
      } else if (late >= MAX_LATE) {
        results.add(failed(plan, TapResult.NOT_TRIED));
      } else {
        try {
          results.add(turnOff(plan));
        } catch (IOException e) {
          late += e instanceof Deadline.Passed ? 1 : 0;
          // It was asked for, and may come yet.
          results.add(
              plan.result(
                  TapResult.Outcome.FAILED, off(plan.on(), false), String.valueOf(e.getMessage())));
        }
      }
    }
    return results;
  }

  /** Returns what is to be remembered on. */
  private List<Entry> stillThere(List<Entry> entries, String boot) throws InterruptedException {
    List<Entry> ours = entries.stream().filter(entry -> entry.boot().equals(boot)).toList();
    Map<Entry, Forgetting.Fate> fates = Map.of();
    try {
      fates = Deadline.call("the remembered taps", limit, () -> Forgetting.look(ours));
    } catch (IOException e) {
      // What cannot be looked at now is not gone.
    }
    return Forgetting.kept(entries, boot, fates);
  }

  /**
   * Requests the features of taps again as they were before the first {@link #apply}; each is noted
   * on the disk before the next.
   *
   * @param wanted by name of the tap now or then, and VM, which of the remembered taps
   * @return one result a tap; empty if nothing is remembered of such taps
   * @throws IOException if what was before cannot be read or written: then nothing was restored
   */
  public List<TapResult> undo(Predicate<Named> wanted) throws IOException, InterruptedException {
    return journal.alone(limit, () -> undoAlone(wanted));
  }

  private List<TapResult> undoAlone(Predicate<Named> wanted)
      throws IOException, InterruptedException {
    List<Entry> entries = new ArrayList<>(journal.read());
    loadNativeCalls();
    String boot = boot();
    Predicate<Entry> meant =
        entry -> !entry.released() && wanted.test(new Named(entry.name(), entry.vm()));
    List<TapResult> results = new ArrayList<>();
    Predicate<Entry> past = entry -> !entry.boot().equals(boot) && meant.test(entry);
    entries.stream()
        .filter(past)
        .map(entry -> gone(entry, "this host was booted since; no tap outlives that"))
        .forEach(results::add);
    if (entries.removeIf(past)) {
      journal.write(entries);
    }
    int late = 0;
    String unwritten = "";
    for (ListIterator<Entry> each = entries.listIterator(); each.hasNext(); ) {
      Entry entry = each.next();
      if (!entry.boot().equals(boot) || !meant.test(entry)) {
        continue;
      }
      if (results.isEmpty()) {
        journal.write(entries); // Where that fails, nothing is restored that cannot be noted.
      }
      TapResult result;
      if (!unwritten.isEmpty()) {
        result = failed(entry, "not tried: " + unwritten);
      } else if (late >= MAX_LATE) {
        result = failed(entry, TapResult.NOT_TRIED);
      } else {
        try {
          result = Deadline.call("tap " + entry.name(), limit, () -> restore(entry));
        } catch (IOException e) {
          late += e instanceof Deadline.Passed ? 1 : 0;
          result = failed(entry, String.valueOf(e.getMessage()));
        }
      }
      if (result.outcome() != TapResult.Outcome.FAILED) {
        boolean restored = result.outcome() == TapResult.Outcome.RESTORED;
        if (restored) {
          each.set(entry.with(new TreeMap<>()));
        } else {
          each.remove();
        }
        try {
          // Each by itself: a run that is killed has noted what it did.
          journal.write(entries);
        } catch (IOException e) {
          unwritten = String.valueOf(e.getMessage());
          result =
              result.failed((restored ? "restored" : "gone") + ", but not noted: " + unwritten);
        }
      }
      results.add(result);
    }
    return results;
  }

  /**
   * What a tap is chosen by.
   *
   * @param tap its name; of one that is remembered, when it was mitigated
   * @param vm the VM it serves, or served then
   */
  public record Named(String tap, String vm) {}

  /**
   * Returns the taps that can be undone.
   *
   * @throws IOException if what was before cannot be read
   */
  public List<Named> remembered() throws IOException {
    return journal.read().stream()
        .filter(entry -> !entry.released())
        .map(entry -> new Named(entry.name(), entry.vm()))
        .toList();
  }

  private List<Plan> look(List<Target> targets, boolean force) throws InterruptedException {
    List<Plan> plans = new ArrayList<>();
    int late = 0;
    for (Target target : targets) {
      try {
        loadNativeCalls();
        if (late >= MAX_LATE) {
          throw new IOException(TapResult.NOT_TRIED);
        }
        boolean exposed = (force || target.mergeable()) && !target.macvtap();
        plans.add(
            Deadline.call("tap " + target.name(), limit, () -> look.at(target))
                .map(
                    seen ->
                        Plan.of(
                            target, seen, exposed ? Offloads.on(seen.features()) : new TreeMap<>()))
                .orElse(Plan.unseen(target, TapResult.Outcome.GONE, "it is gone")));
      } catch (IOException e) {
        late += e instanceof Deadline.Passed ? 1 : 0;
        plans.add(Plan.unseen(target, TapResult.Outcome.FAILED, String.valueOf(e.getMessage())));
      }
    }
    return plans;
  }

  /**
   * Loads what native calls need, which on a slow host takes longer than the kernel's answers: that
   * time must not be taken for the kernel's.
   */
  private static void loadNativeCalls() throws IOException {
    Interfaces.socket("nothing").close();
  }

  private static TapResult untouched(Plan plan) {
    Target target = plan.target();
    if (!plan.message().isEmpty()) {
      return plan.result(plan.unseen(), List.of(), plan.message());
    }
    if (target.macvtap()) {
      return failed(plan, Seen.macvtap(target));
    }
    if (!target.mergeable()) {
      return plan.result(
          TapResult.Outcome.NOT_EXPOSED,
          List.of(),
          "its guest did not accept mergeable buffers: a packet that does not fit is dropped");
    }
    return plan.result(TapResult.Outcome.NOTHING_TO_DO, List.of(), "all is off");
  }

  private static TapResult failed(Plan plan, String message) {
    return plan.result(TapResult.Outcome.FAILED, List.of(), message);
  }

  private static boolean released(List<Entry> entries, String boot, Seen seen) {
    return entries.stream().anyMatch(entry -> entry.released() && isOf(entry, boot, seen));
  }

  private static boolean isOf(Entry entry, String boot, Seen seen) {
    return entry.of(boot, seen.netns(), seen.cookie(), seen.ifindex())
        && entry.driver().equals(seen.driver());
  }

  /** What an entry has already stays: it is from before all that was done since. */
  private void remember(List<Entry> entries, String boot, Plan plan) {
    Seen seen = plan.seen();
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      if (isOf(entry, boot, seen)) {
        SortedMap<String, Boolean> all = new TreeMap<>(plan.on());
        all.putAll(entry.requested());
        entries.set(i, entry.with(all));
        return;
      }
    }
    entries.add(
        new Entry(
            boot,
            seen.netns(),
            seen.cookie(),
            seen.ifindex(),
            seen.name(),
            seen.driver(),
            plan.target().vm(),
            clock.instant().truncatedTo(ChronoUnit.SECONDS).toString(),
            plan.on()));
  }

  private TapResult turnOff(Plan plan) throws IOException, InterruptedException {
    Seen seen = plan.seen();
    Optional<List<Feature>> answer =
        Deadline.call("tap " + seen.name(), limit, () -> request(seen, off(plan.on())));
    if (answer.isEmpty()) {
      return plan.result(TapResult.Outcome.GONE, List.of(), "it went away meanwhile");
    }
    List<Feature> after = answer.get();
    Map<String, Feature> now = byName(after);
    List<Change> changes = new ArrayList<>();
    plan.on()
        .forEach(
            (name, before) -> {
              Feature feature = now.get(name);
              boolean off = feature == null || (!feature.active() && !feature.requested());
              changes.add(new Change(name, before, false, off));
            });
    List<String> open = Offloads.open(after);
    String refused =
        changes.stream()
            .filter(change -> !change.done())
            .map(Change::feature)
            .collect(Collectors.joining(", "));
    if (!refused.isEmpty()) {
      return plan.result(
          TapResult.Outcome.FAILED, changes, "the kernel did not turn off " + refused);
    }
    return open.isEmpty()
        ? plan.result(TapResult.Outcome.CHANGED, changes, "")
        : plan.result(
            TapResult.Outcome.FAILED,
            changes,
            "cannot be turned off, and still let large packets through: "
                + String.join(", ", open));
  }

  /** Returns the features after the request; empty if the tap is gone. */
  private static Optional<List<Feature>> request(Seen seen, Map<String, Boolean> wanted)
      throws IOException {
    try (TapDevice tap = TapDevice.find(seen.netns(), 0, seen.ifindex(), seen.name())) {
      if (tap == null || tap.cookie() != seen.cookie()) {
        return Optional.empty();
      }
      tap.request(wanted);
      return Optional.of(tap.features());
    }
  }

  private static TapResult restore(Entry entry) throws IOException {
    // A namespace that nothing leads to counts as gone: it would be remembered for ever.
    try (TapDevice tap = TapDevice.find(entry.netns(), 0, entry.ifindex(), entry.name())) {
      if (tap == null) {
        return gone(entry, "it is gone");
      }
      if (!entry.of(entry.boot(), tap.netns(), tap.cookie(), tap.ifindex())
          || !tap.driver().equals(entry.driver())) {
        return gone(entry, "it is gone; another interface has its place");
      }
      Map<String, Feature> before = byName(tap.features());
      tap.request(known(entry.requested(), before));
      Map<String, Feature> now = byName(tap.features());
      List<Change> changes = new ArrayList<>();
      List<String> refused = new ArrayList<>();
      entry
          .requested()
          .forEach(
              (name, wanted) -> {
                Feature was = before.get(name);
                Feature is = now.get(name);
                boolean done = is != null && is.requested() == wanted;
                changes.add(new Change(name, was != null && was.requested(), wanted, done));
                if (!done) {
                  refused.add(name);
                }
              });
      List<String> notes =
          tap.name().equals(entry.name()) ? List.of() : List.of("it was called " + entry.name());
      return new TapResult(
          tap.name(),
          tap.ifindex(),
          tap.netns(),
          entry.vm(),
          refused.isEmpty() ? TapResult.Outcome.RESTORED : TapResult.Outcome.FAILED,
          changes,
          refused.isEmpty() ? "" : "the kernel did not restore " + String.join(", ", refused),
          notes);
    } catch (TapDevice.NoWay e) {
      return gone(entry, "it is gone");
    }
  }

  /** A kernel knows what it has told; a name in a file that was edited would fail the whole. */
  private static Map<String, Boolean> known(
      Map<String, Boolean> wanted, Map<String, Feature> features) {
    Map<String, Boolean> known = new LinkedHashMap<>(wanted);
    known.keySet().retainAll(features.keySet());
    return known;
  }

  private static TapResult gone(Entry entry, String message) {
    return result(entry, TapResult.Outcome.GONE, message);
  }

  private static TapResult failed(Entry entry, String message) {
    return result(entry, TapResult.Outcome.FAILED, message);
  }

  private static TapResult result(Entry entry, TapResult.Outcome outcome, String message) {
    return new TapResult(
        entry.name(),
        entry.ifindex(),
        entry.netns(),
        entry.vm(),
        outcome,
        List.of(),
        message,
        List.of());
  }

  private static Map<String, Boolean> off(SortedMap<String, Boolean> on) {
    Map<String, Boolean> off = new LinkedHashMap<>();
    on.keySet().forEach(name -> off.put(name, false));
    return off;
  }

  private static List<Change> off(SortedMap<String, Boolean> on, boolean done) {
    List<Change> changes = new ArrayList<>();
    on.forEach((name, before) -> changes.add(new Change(name, before, false, done)));
    return changes;
  }

  private static Map<String, Feature> byName(List<Feature> features) {
    Map<String, Feature> map = new LinkedHashMap<>();
    features.forEach(feature -> map.put(feature.name(), feature));
    return map;
  }

  private static String boot() throws IOException {
    return Files.readString(BOOT).strip();
  }
}

package org.vhostwatch.mitigate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.probe.CensusQueue;

/** The taps that a look at the host has found behind vhost_net queues. */
public final class Targets {
  private Targets() {}

  /** A tap; its name only tells it apart where its index is not known. */
  private record Key(long netns, int ifindex, String name) {}

  /**
   * Returns one target a tap, in order of the queues.
   *
   * @param verdicts queues that a census has read
   * @param vm name of the VM that a queue belongs to
   */
  public static List<Target> of(List<QueueVerdict> verdicts, Function<QueueVerdict, String> vm) {
    Map<Key, List<QueueVerdict>> taps = new LinkedHashMap<>();
    for (QueueVerdict verdict : verdicts) {
      CensusQueue queue = verdict.queue();
      if (queue != null && !queue.tap().isEmpty()) {
        TapPort port = queue.port();
        Key key = new Key(port.netns(), port.ifindex(), port.ifindex() == 0 ? port.name() : "");
        taps.computeIfAbsent(key, any -> new ArrayList<>()).add(verdict);
      }
    }
    List<Target> targets = new ArrayList<>();
    taps.values().forEach(queues -> targets.add(target(queues, vm)));
    return targets;
  }

  /**
   * Returns, in words, of which VMs queues are left out because nothing tells their tap. Only where
   * that can change: a queue with a backend has none that is a tap, or its tap is known by another.
   *
   * @param verdicts queues that a census has read
   * @param vm name of the VM that a queue belongs to, empty if not known
   */
  public static List<String> leftOut(
      List<QueueVerdict> verdicts, Function<QueueVerdict, String> vm) {
    Map<String, Integer> queues = new TreeMap<>();
    for (QueueVerdict verdict : verdicts) {
      CensusQueue queue = verdict.queue();
      if (queue != null && queue.tap().isEmpty() && queue.backend() == CensusQueue.Backend.NONE) {
        queues.merge(vm.apply(verdict), 1, Integer::sum);
      }
    }
    List<String> words = new ArrayList<>();
    queues.forEach(
        (name, count) ->
            words.add(
                count
                    + (count == 1 ? " queue of " : " queues of ")
                    + (name.isEmpty() ? "a VM without a known name" : "VM " + name)
                    + (count == 1 ? " has" : " have")
                    + " no known tap now: run it again when the guest is up"));
    return words;
  }

  private static Target target(List<QueueVerdict> verdicts, Function<QueueVerdict, String> vm) {
    QueueVerdict first = verdicts.get(0);
    TapPort port = TapPort.NONE;
    int pid = 0;
    boolean macvtap = false;
    boolean attached = false;
    boolean mergeable = false;
    List<String> waiting = new ArrayList<>();
    for (QueueVerdict verdict : verdicts) {
      CensusQueue queue = verdict.queue();
      if (queue == null) {
        continue;
      }
      port = queue.port();
      pid = queue.process();
      // Not by its backend, which a queue has only while the guest's driver is up.
      macvtap |= port.macvtap();
      attached |= queue.backend() != CensusQueue.Backend.NONE;
      // A guest that is not up yet may accept anything.
      mergeable |= queue.mergeable() || queue.features() == 0;
      if (queue.packetWaits()) {
        waiting.add(waiting(verdict, queue));
      }
    }
    return new Target(
        port.name(),
        port.ifindex(),
        port.netns(),
        pid,
        vm.apply(first),
        macvtap,
        macvtap ? port.master() : "",
        attached,
        mergeable,
        waiting);
  }

  private static String waiting(QueueVerdict verdict, CensusQueue queue) {
    String share =
        Double.isNaN(verdict.cpuShare())
            ? ""
            : String.format(Locale.ROOT, ", its worker at %.0f %% CPU", 100 * verdict.cpuShare());
    return "a packet of "
        + queue.headBytes()
        + " bytes waits at queue "
        + queue.queueIndex()
        + share
        + ": if that is a livelock, this does not end it; `vhostwatch diagnose` proves it and says"
        + " what does";
  }
}

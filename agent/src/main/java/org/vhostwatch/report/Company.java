package org.vhostwatch.report;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;

/**
 * How the other queues of the host fare.
 *
 * @param sameVm the other queues of the same VM, by verdict
 * @param otherVms the queues of other VMs, by verdict
 * @param vms how many VMs those are
 */
record Company(Map<Verdict, Integer> sameVm, Map<Verdict, Integer> otherVms, int vms) {

  static Company of(QueueVerdict queue, List<QueueVerdict> everyone) {
    Map<Verdict, Integer> same = new EnumMap<>(Verdict.class);
    Map<Verdict, Integer> others = new EnumMap<>(Verdict.class);
    Set<Integer> vms = new HashSet<>();
    for (QueueVerdict other : everyone) {
      if (other.vq() == queue.vq() && other.tid() == queue.tid()) {
        continue;
      }
      if (process(other) == process(queue)) {
        same.merge(other.verdict(), 1, Integer::sum);
      } else {
        others.merge(other.verdict(), 1, Integer::sum);
        vms.add(process(other));
      }
    }
    return new Company(same, others, vms.size());
  }

  /** Returns counts in words, worst first, as {@code 1 LIVELOCKED, 3 HEALTHY}. */
  static String words(Map<Verdict, Integer> counts) {
    return counts.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(Comparator.reverseOrder()))
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }

  private static int process(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      return verdict.queue().process();
    }
    return verdict.worker() != null ? verdict.worker().tgid() : 0;
  }
}

package org.vhostwatch.report;

import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.probe.Evidence;

/** The fields of a capture (docs/json.md). */
final class EvidenceJson {

  private EvidenceJson() {}

  /**
   * Writes {@code evidence}, null if there was no capture.
   *
   * @param ring the queue's ring size, which a fetch from an empty ring returns; 0 if not known
   */
  static void write(JsonText json, @Nullable Evidence evidence, int ring) {
    if (evidence == null) {
      json.nothing("evidence");
    } else {
      json.object("evidence", fields -> fields(fields, evidence, ring));
    }
  }

  private static void fields(JsonText json, Evidence evidence, int ring) {
    json.counts("get_rx_ret", evidence.getRxBufs());
    json.flag("get_rx_ret_derived", evidence.getRxBufsDerived());
    histogram(json, "peek_ret", evidence.peek(), "peek_function", evidence.peekFunction());
    histogram(
        json,
        "desc_ret",
        evidence.descriptors(),
        "descriptor_function",
        evidence.descriptorFunction());
    heads(json, evidence, ring);
    json.counts("notify_ret", evidence.enableNotify());
    json.count("recvmsg", evidence.recvmsg());
    json.count("signalled", evidence.signalled());
    json.count("gave_up", evidence.gaveUp());
    json.number("passes", evidence.passes());
    json.number("episodes", evidence.episodes());
    json.fraction("seconds", evidence.nanos() / 1e9);
    double rate = evidence.passesPerSecond();
    json.fraction("passes_per_second", rate > 0 ? rate : Double.NaN);
    json.counts("rolled_back", evidence.rolledBack());
    json.objects(
        "stacks",
        evidence.stacks(),
        (fields, stack) ->
            fields.number("samples", stack.samples()).texts("frames", stack.frames()));
  }

  /** A histogram of a function that could not be probed is not an empty one. */
  private static void histogram(
      JsonText json, String name, SortedMap<Long, Long> counts, String by, String function) {
    if (function.isEmpty()) {
      json.nothing(name);
    } else {
      json.counts(name, counts);
    }
    json.name(by, function);
  }

  private static void heads(JsonText json, Evidence evidence, int ring) {
    if (ring == 0 || evidence.descriptorFunction().isEmpty()) {
      json.nothing("heads");
      return;
    }
    List<Long> heads =
        evidence.descriptors().keySet().stream().filter(id -> id >= 0 && id != ring).toList();
    json.numbers("heads", heads);
  }
}

package org.vhostwatch.log;

import static org.vhostwatch.log.Field.ADDRESS;
import static org.vhostwatch.log.Field.AFTER;
import static org.vhostwatch.log.Field.BEFORE;
import static org.vhostwatch.log.Field.CHANGES;
import static org.vhostwatch.log.Field.CONFIDENCE;
import static org.vhostwatch.log.Field.COUNT;
import static org.vhostwatch.log.Field.FEATURES;
import static org.vhostwatch.log.Field.FOLDER;
import static org.vhostwatch.log.Field.HOW;
import static org.vhostwatch.log.Field.IFINDEX;
import static org.vhostwatch.log.Field.INCIDENT;
import static org.vhostwatch.log.Field.KEY;
import static org.vhostwatch.log.Field.LOGGER;
import static org.vhostwatch.log.Field.NETNS;
import static org.vhostwatch.log.Field.NOW;
import static org.vhostwatch.log.Field.ORIGIN;
import static org.vhostwatch.log.Field.PATH;
import static org.vhostwatch.log.Field.PROBLEM;
import static org.vhostwatch.log.Field.QUEUE;
import static org.vhostwatch.log.Field.QUEUES;
import static org.vhostwatch.log.Field.REASON;
import static org.vhostwatch.log.Field.SECONDS;
import static org.vhostwatch.log.Field.STATUS;
import static org.vhostwatch.log.Field.SUMMARY;
import static org.vhostwatch.log.Field.TAP;
import static org.vhostwatch.log.Field.TEXT;
import static org.vhostwatch.log.Field.THREAD;
import static org.vhostwatch.log.Field.TID;
import static org.vhostwatch.log.Field.TROUBLE;
import static org.vhostwatch.log.Field.VERSION;
import static org.vhostwatch.log.Field.VM;

import java.util.List;
import java.util.Locale;

/**
 * Every event, with its priority, its message and its fields. A field in braces stands for its
 * value. The names are a promise to who looks for them: docs/logs.md has all.
 */
enum Event {
  // The program.
  STARTED(Priority.INFO, "vhostwatch {version} serves {address}", VERSION, ADDRESS),
  EXPOSED(Priority.WARNING, "{address} {reason}", ADDRESS, REASON),
  STATE_DIR_UNUSABLE(
      Priority.ERROR,
      "state-dir: nothing can be kept in {folder}: {reason}; it watches all the same, but incidents"
          + " stay in memory, and a second agent would not notice this one; of a folder that the"
          + " service may not write to, ReadWritePaths={folder} in a drop-in (`systemctl edit"
          + " vhostwatch`) lets it",
      FOLDER,
      REASON),
  STOPPING(Priority.INFO, "it was told to stop, and ends its probes"),
  STOP_CUT_SHORT(
      Priority.WARNING, "the incidents are not written yet: not waiting for the disk any longer"),
  JAVA_REPLACED(
      Priority.WARNING,
      "Java was upgraded, and this one can start no bpftrace any more: {how}",
      HOW),
  INTERNAL_ERROR(
      Priority.ERROR,
      "thread {thread} ended: {error}; this is a fault of vhostwatch: please report it",
      THREAD,
      Field.ERROR),
  REQUEST_FAILED(Priority.ERROR, "cannot answer {path}: {error}", PATH, Field.ERROR),
  SYSTEMD_UNREACHABLE(Priority.WARNING, "systemd cannot be told {how}: {reason}", HOW, REASON),
  LINES_LOST(
      Priority.WARNING, "{count} lines of this log are lost: nobody took them meanwhile", COUNT),
  LIBRARY_ERROR(Priority.ERROR, "{logger}: {text}", LOGGER, TEXT),
  LIBRARY_WARNING(Priority.WARNING, "{logger}: {text}", LOGGER, TEXT),
  LIBRARY_INFO(Priority.INFO, "{logger}: {text}", LOGGER, TEXT),

  // Its configuration: what an operator does is answered each time.
  CONFIG_RELOADED(Priority.NOTICE, "the configuration was reloaded: {changes}", CHANGES),
  CONFIG_KEY_KEPT(
      Priority.WARNING,
      "{key} stays {before}: {after} ({origin}) takes a restart",
      KEY,
      BEFORE,
      AFTER,
      ORIGIN),
  CONFIG_PROBLEM(Priority.ERROR, "{problem}", PROBLEM),
  CONFIG_REFUSED(Priority.ERROR, "the configuration was not reloaded: nothing has changed"),
  CONFIG_RELOAD_FAILED(Priority.ERROR, "SIGHUP was not answered: {error}", Field.ERROR),
  CONFIG_NOT_WRITTEN_DOWN(
      Priority.WARNING, "`vhostwatch check` cannot tell what this goes by: {reason}", REASON),

  // Queues.
  LIVELOCK_BEGINS(
      Priority.CRIT,
      "LIVELOCKED (confidence {confidence}): {summary}; the VM receives nothing until its guest"
          + " posts more buffers: let its vCPUs run, else reset it; `vhostwatch diagnose` tells"
          + " what else ends it, and what does not",
      VM,
      TAP,
      QUEUE,
      TID,
      CONFIDENCE,
      SUMMARY),
  LIVELOCK_ENDS(Priority.NOTICE, "LIVELOCKED ended: {now}", VM, TAP, QUEUE, TID, NOW),
  STALL_BEGINS(
      Priority.WARNING,
      "STALLED (confidence {confidence}): {summary}; the VM receives nothing: look at its guest",
      VM,
      TAP,
      QUEUE,
      TID,
      CONFIDENCE,
      SUMMARY),
  STALL_ENDS(Priority.NOTICE, "STALLED ended: {now}", VM, TAP, QUEUE, TID, NOW),
  SPIN_BEGINS(
      Priority.INFO,
      "SPINNING (confidence {confidence}): {summary}",
      VM,
      TAP,
      QUEUE,
      TID,
      CONFIDENCE,
      SUMMARY),

  WORKER_UNEXPLAINED(Priority.WARNING, "{summary}", VM, TID, SUMMARY),
  WORKER_UNEXPLAINED_ENDS(
      Priority.NOTICE, "its unexplained CPU time ended, after {seconds} s", VM, TID, SECONDS),

  // Incidents.
  INCIDENT_OPENED(
      Priority.WARNING,
      "incident {incident} opened: `vhostwatch incidents {incident}` shows it, `vhostwatch bundle"
          + " {incident}` packs it for a report",
      INCIDENT,
      VM,
      TAP,
      QUEUE,
      TID),
  INCIDENT_REOPENED(
      Priority.WARNING,
      "incident {incident} goes on: livelock {count} of it",
      INCIDENT,
      COUNT,
      VM,
      TAP,
      QUEUE,
      TID),
  INCIDENT_CONTINUED(
      Priority.WARNING,
      "incident {incident} of the agent before goes on: the queue is livelocked still",
      INCIDENT,
      VM,
      TAP,
      QUEUE,
      TID),
  INCIDENT_ENDED(
      Priority.INFO, "incident {incident} ended: {how}", INCIDENT, VM, TAP, QUEUE, TID, HOW),
  INCIDENT_UNREADABLE(Priority.WARNING, "{problem}", PROBLEM),
  INCIDENTS_NOT_WRITTEN(
      Priority.ERROR,
      "incidents cannot be written to {folder}: {reason}; they are kept in memory and tried again",
      FOLDER,
      REASON),
  INCIDENT_DROPPED(
      Priority.ERROR,
      "an incident is given up: more wait for {folder} than there is memory for",
      FOLDER),
  INCIDENTS_WRITTEN_AGAIN(Priority.NOTICE, "incidents are written to {folder} again", FOLDER),

  // Who is told without Prometheus.
  HOOK_ENDED(Priority.INFO, "on-incident: {path} ended with 0: {how}", INCIDENT, PATH, HOW),
  HOOK_FAILED(Priority.ERROR, "on-incident: {path}: {reason}", INCIDENT, PATH, REASON),
  ALERTS_REFUSED(
      Priority.ERROR,
      "alertmanager-url: {address} takes no alert, tried again: {reason}",
      ADDRESS,
      REASON),
  ALERTS_TAKEN_AGAIN(Priority.NOTICE, "alertmanager-url: {address} takes alerts again", ADDRESS),
  TEXTFILE_NOT_WRITTEN(
      Priority.ERROR,
      "textfile-dir: {path}: {reason}; of a folder that the service may not write to,"
          + " ReadWritePaths= in a drop-in (`systemctl edit vhostwatch`) lets it",
      PATH,
      REASON),

  // How well it sees.
  SENTINEL_UP(Priority.INFO, "the sentinel is attached: a spin is seen at once"),
  SENTINEL_LOST(
      Priority.WARNING,
      "the sentinel is gone: until it is back a spin is seen late, by its CPU time alone"),
  SENTINEL_AWAY(Priority.DEBUG, "the sentinel was taken away: it is not wanted now"),
  CENSUS_TAKEN(Priority.DEBUG, "a census has read {queues} queues", QUEUES),
  CAPTURE_TAKEN(Priority.DEBUG, "a capture has evidence of {queues} queues", QUEUES),
  TROUBLE_BEGINS(Priority.WARNING, "{trouble}", TROUBLE),
  TROUBLE_ENDS(Priority.NOTICE, "nothing is in the way any more"),
  NOTHING_TO_WATCH(Priority.INFO, "{reason}; it is watched as soon as one does", REASON),
  PROBING_RESUMED(Priority.NOTICE, "the pause of the ceiling is over: probing again"),
  KERNEL_RATED(Priority.INFO, "this kernel: {status}: {reason}", STATUS, REASON),

  // Mitigation.
  TAP_MITIGATED(
      Priority.WARNING,
      "mitigated: tap {tap} (ifindex {ifindex}, netns {netns}) of VM {vm}: turned off {features};"
          + " `vhostwatch mitigate --undo` restores it",
      VM,
      TAP,
      IFINDEX,
      NETNS,
      FEATURES),
  TAP_NOT_MITIGATED(
      Priority.WARNING,
      "not mitigated: tap {tap} (ifindex {ifindex}, netns {netns}) of VM {vm}: {reason}",
      VM,
      TAP,
      IFINDEX,
      NETNS,
      REASON),
  TAP_LEFT_ALONE(
      Priority.INFO,
      "not mitigated: tap {tap} (ifindex {ifindex}, netns {netns}) of VM {vm}: {reason}",
      VM,
      TAP,
      IFINDEX,
      NETNS,
      REASON),
  MITIGATION_WITHHELD(Priority.WARNING, "no tap is mitigated: {reason}", REASON),
  MITIGATION_FAILED(Priority.WARNING, "no tap was mitigated: {reason}", REASON);

  private final Priority priority;
  private final String message;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<Field> fields;

  Event(Priority priority, String message, Field... fields) {
    this.priority = priority;
    this.message = message;
    this.fields = List.of(fields);
  }

  /** Returns its name, for ever. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  Priority priority() {
    return priority;
  }

  /** Returns its message, with fields in braces. */
  String message() {
    return message;
  }

  List<Field> fields() {
    return fields;
  }

  /**
   * Returns whether its words are about queues, or about looking at them and acting on them. Others
   * may hold paths, addresses and what the operator's own programs say. Without a default: of a new
   * event somebody has to decide it.
   */
  boolean tellsOfQueues() {
    return switch (this) {
      case LIVELOCK_BEGINS,
          LIVELOCK_ENDS,
          STALL_BEGINS,
          STALL_ENDS,
          SPIN_BEGINS,
          WORKER_UNEXPLAINED,
          WORKER_UNEXPLAINED_ENDS,
          INCIDENT_OPENED,
          INCIDENT_REOPENED,
          INCIDENT_CONTINUED,
          INCIDENT_ENDED,
          SENTINEL_UP,
          SENTINEL_LOST,
          SENTINEL_AWAY,
          CENSUS_TAKEN,
          CAPTURE_TAKEN,
          TROUBLE_ENDS,
          NOTHING_TO_WATCH,
          PROBING_RESUMED,
          TAP_MITIGATED,
          TAP_NOT_MITIGATED,
          TAP_LEFT_ALONE,
          MITIGATION_WITHHELD ->
          true;
      case STARTED,
          EXPOSED,
          STATE_DIR_UNUSABLE,
          STOPPING,
          STOP_CUT_SHORT,
          JAVA_REPLACED,
          INTERNAL_ERROR,
          REQUEST_FAILED,
          TROUBLE_BEGINS, // where bpftrace is, and what it said
          SYSTEMD_UNREACHABLE,
          LINES_LOST,
          LIBRARY_ERROR,
          LIBRARY_WARNING,
          LIBRARY_INFO,
          CONFIG_RELOADED,
          CONFIG_KEY_KEPT,
          CONFIG_PROBLEM,
          CONFIG_REFUSED,
          CONFIG_RELOAD_FAILED,
          CONFIG_NOT_WRITTEN_DOWN,
          INCIDENT_UNREADABLE,
          INCIDENTS_NOT_WRITTEN,
          INCIDENT_DROPPED,
          INCIDENTS_WRITTEN_AGAIN,
          HOOK_ENDED,
          HOOK_FAILED,
          ALERTS_REFUSED,
          ALERTS_TAKEN_AGAIN,
          TEXTFILE_NOT_WRITTEN,
          KERNEL_RATED,
          MITIGATION_FAILED ->
          false;
    };
  }

  /** Returns whether repetitions are counted instead of written. */
  boolean folds() {
    return switch (this) {
      case STARTED,
          EXPOSED,
          STOPPING,
          CONFIG_RELOADED,
          CONFIG_KEY_KEPT,
          CONFIG_PROBLEM,
          CONFIG_REFUSED,
          INCIDENT_UNREADABLE ->
          false;
      default -> true;
    };
  }
}

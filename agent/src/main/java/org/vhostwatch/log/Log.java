package org.vhostwatch.log;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what happened: a method for each event. How it is written is decided behind them. Never
 * fails, and any thread may call it.
 */
public final class Log {

  /** Where an exception came from, and what called that. */
  private static final int FRAMES = 6;

  private static final int CAUSES = 3;

  /** Made when something is said first: other commands than the daemon need no Logback. */
  private static final class Holder {
    static final Logger LOGGER = LoggerFactory.getLogger(Logging.NAME);
  }

  private Log() {}

  /**
   * The daemon serves.
   *
   * @param address where, as a URL
   */
  public static void started(String version, String address) {
    say(Event.STARTED, with(Field.VERSION, version).and(Field.ADDRESS, address));
  }

  /**
   * It can be reached from elsewhere.
   *
   * @param reason what that is a risk of
   */
  public static void exposed(String address, String reason) {
    say(Event.EXPOSED, with(Field.ADDRESS, address).and(Field.REASON, reason));
  }

  /** Nothing can be kept beyond this run. */
  public static void stateDirUnusable(String folder, String reason) {
    say(Event.STATE_DIR_UNUSABLE, with(Field.FOLDER, folder).and(Field.REASON, reason));
  }

  /** It was told to stop. */
  public static void stopping() {
    say(Event.STOPPING, new Values());
  }

  /** It ends although not all is on disk. */
  public static void stopCutShort() {
    say(Event.STOP_CUT_SHORT, new Values());
  }

  /**
   * The files of the Java that runs this were replaced.
   *
   * @param how what comes of it
   */
  public static void javaReplaced(String how) {
    say(Event.JAVA_REPLACED, with(Field.HOW, how));
  }

  /** An exception that nobody expected has ended a thread. */
  public static void internalError(Thread thread, Throwable error) {
    say(Event.INTERNAL_ERROR, with(Field.THREAD, thread.getName()).and(Field.ERROR, trace(error)));
  }

  /** A request could not be answered. */
  public static void requestFailed(String path, Throwable error) {
    say(Event.REQUEST_FAILED, with(Field.PATH, path).and(Field.ERROR, trace(error)));
  }

  /**
   * A message to systemd was not sent.
   *
   * @param what it would have said
   */
  public static void systemdUnreachable(String what, Exception why) {
    say(Event.SYSTEMD_UNREACHABLE, with(Field.HOW, what).and(Field.REASON, reason(why)));
  }

  /** Another configuration is in force, or the same. */
  public static void configReloaded(String changes) {
    say(Event.CONFIG_RELOADED, with(Field.CHANGES, changes));
  }

  /**
   * A key has another value now, which only the next start takes.
   *
   * @param origin where the new value stands
   */
  public static void configKeyKept(String key, String before, String after, String origin) {
    say(
        Event.CONFIG_KEY_KEPT,
        with(Field.KEY, key)
            .and(Field.BEFORE, before)
            .and(Field.AFTER, after)
            .and(Field.ORIGIN, origin));
  }

  /**
   * Something is wrong with the configuration.
   *
   * @param problem printable
   */
  public static void configProblem(String problem) {
    say(Event.CONFIG_PROBLEM, with(Field.PROBLEM, problem));
  }

  /** Because of such problems the one before stays in force. */
  public static void configRefused() {
    say(Event.CONFIG_REFUSED, new Values());
  }

  /** To read the configuration again has failed for another reason. */
  public static void configReloadFailed(Throwable error) {
    say(Event.CONFIG_RELOAD_FAILED, with(Field.ERROR, trace(error)));
  }

  /** What is in force could not be written where other commands look for it. */
  public static void configNotWrittenDown(Exception why) {
    say(Event.CONFIG_NOT_WRITTEN_DOWN, with(Field.REASON, reason(why)));
  }

  /** A queue is livelocked. */
  public static void livelockBegins(QueueName queue, String confidence, String summary) {
    say(Event.LIVELOCK_BEGINS, judged(queue, confidence, summary));
  }

  /**
   * It is no more.
   *
   * @param now what is said of the queue instead
   */
  public static void livelockEnds(QueueName queue, String now) {
    say(Event.LIVELOCK_ENDS, of(queue).and(Field.NOW, now));
  }

  /** A queue is stalled. */
  public static void stallBegins(QueueName queue, String confidence, String summary) {
    say(Event.STALL_BEGINS, judged(queue, confidence, summary));
  }

  /** It is no more; otherwise as {@link #livelockEnds}. */
  public static void stallEnds(QueueName queue, String now) {
    say(Event.STALL_ENDS, of(queue).and(Field.NOW, now));
  }

  /** A queue spins, which may end by itself. */
  public static void spinBegins(QueueName queue, String confidence, String summary) {
    say(Event.SPIN_BEGINS, judged(queue, confidence, summary));
  }

  /** A worker has used a CPU for long, and nothing that is known accounts for it. */
  public static void workerUnexplained(String vm, long tid, String summary) {
    say(
        Event.WORKER_UNEXPLAINED,
        with(Field.VM, vm).and(Field.TID, tid).and(Field.SUMMARY, summary));
  }

  /** It is over. */
  public static void workerUnexplainedEnds(String vm, long tid, long seconds) {
    say(
        Event.WORKER_UNEXPLAINED_ENDS,
        with(Field.VM, vm).and(Field.TID, tid).and(Field.SECONDS, seconds));
  }

  /** A livelock has a record. */
  public static void incidentOpened(String id, QueueName queue) {
    say(Event.INCIDENT_OPENED, of(queue).and(Field.INCIDENT, id));
  }

  /**
   * Its queue is livelocked again.
   *
   * @param count how many times by now
   */
  public static void incidentReopened(String id, QueueName queue, long count) {
    say(Event.INCIDENT_REOPENED, of(queue).and(Field.INCIDENT, id).and(Field.COUNT, count));
  }

  /** An agent before this one has opened it, and its queue is livelocked still. */
  public static void incidentContinued(String id, QueueName queue) {
    say(Event.INCIDENT_CONTINUED, of(queue).and(Field.INCIDENT, id));
  }

  /**
   * It is closed.
   *
   * @param how it ended, in a word; empty if not known
   */
  public static void incidentEnded(String id, QueueName queue, String how) {
    say(Event.INCIDENT_ENDED, of(queue).and(Field.INCIDENT, id).and(Field.HOW, how));
  }

  /**
   * A record of an agent before cannot be read.
   *
   * @param problem printable
   */
  public static void incidentUnreadable(String problem) {
    say(Event.INCIDENT_UNREADABLE, with(Field.PROBLEM, problem));
  }

  /** Records wait in memory for a disk. */
  public static void incidentsNotWritten(String folder, String reason) {
    say(Event.INCIDENTS_NOT_WRITTEN, with(Field.FOLDER, folder).and(Field.REASON, reason));
  }

  /** More wait than there is room for; this is said for each that is given up. */
  public static void incidentDropped(String folder) {
    say(Event.INCIDENT_DROPPED, with(Field.FOLDER, folder));
  }

  /** They wait no more. */
  public static void incidentsWrittenAgain(String folder) {
    say(Event.INCIDENTS_WRITTEN_AGAIN, with(Field.FOLDER, folder));
  }

  /**
   * The operator's program was told of an incident.
   *
   * @param how of what, and how long it took
   */
  public static void hookEnded(String path, String id, String how) {
    say(Event.HOOK_ENDED, with(Field.PATH, path).and(Field.INCIDENT, id).and(Field.HOW, how));
  }

  /** It was not, or failed. */
  public static void hookFailed(String path, String id, String reason) {
    say(
        Event.HOOK_FAILED,
        with(Field.PATH, path).and(Field.INCIDENT, id).and(Field.REASON, reason));
  }

  /** An Alertmanager does not take what it is told. */
  public static void alertsRefused(String url, String reason) {
    say(Event.ALERTS_REFUSED, with(Field.ADDRESS, url).and(Field.REASON, reason));
  }

  /** It does again. */
  public static void alertsTakenAgain(String url) {
    say(Event.ALERTS_TAKEN_AGAIN, with(Field.ADDRESS, url));
  }

  /** The file for node_exporter is not as it should be. */
  public static void textfileNotWritten(String path, String reason) {
    say(Event.TEXTFILE_NOT_WRITTEN, with(Field.PATH, path).and(Field.REASON, reason));
  }

  /** The sentinel is attached. */
  public static void sentinelUp() {
    say(Event.SENTINEL_UP, new Values());
  }

  /** It was, and has ended by itself. */
  public static void sentinelLost() {
    say(Event.SENTINEL_LOST, new Values());
  }

  /** It was, and was taken away. */
  public static void sentinelAway() {
    say(Event.SENTINEL_AWAY, new Values());
  }

  /** A census was taken. */
  public static void censusTaken(long queues) {
    say(Event.CENSUS_TAKEN, new Values().and(Field.QUEUES, queues));
  }

  /** A capture has ended well. */
  public static void captureTaken(long queues) {
    say(Event.CAPTURE_TAKEN, new Values().and(Field.QUEUES, queues));
  }

  /** Something keeps the daemon from seeing all. */
  public static void troubleBegins(String trouble) {
    say(Event.TROUBLE_BEGINS, with(Field.TROUBLE, trouble));
  }

  /** Nothing does. */
  public static void troubleEnds() {
    say(Event.TROUBLE_ENDS, new Values());
  }

  /**
   * There is no queue on this host, nor can there be one now.
   *
   * @param reason why
   */
  public static void nothingToWatch(String reason) {
    say(Event.NOTHING_TO_WATCH, with(Field.REASON, reason));
  }

  /** The agent costs less than its ceiling again. */
  public static void probingResumed() {
    say(Event.PROBING_RESUMED, new Values());
  }

  /** More, or something else, is known of this kernel. */
  public static void kernelRated(String status, String reason) {
    say(Event.KERNEL_RATED, with(Field.STATUS, status).and(Field.REASON, reason));
  }

  /**
   * A tap of a VM.
   *
   * @param ifindex 0 if not known
   * @param netns 0 if not known
   */
  public record TapName(String vm, String tap, int ifindex, long netns) {
    private Values values() {
      return with(Field.VM, vm)
          .and(Field.TAP, tap)
          .and(Field.IFINDEX, ifindex)
          .and(Field.NETNS, netns);
    }
  }

  /** Offloads of a tap were turned off. */
  public static void tapMitigated(TapName tap, String features) {
    say(Event.TAP_MITIGATED, tap.values().and(Field.FEATURES, features));
  }

  /** They should have been, and were not. */
  public static void tapNotMitigated(TapName tap, String reason) {
    say(Event.TAP_NOT_MITIGATED, tap.values().and(Field.REASON, reason));
  }

  /** They stay as they are because somebody wants that. */
  public static void tapLeftAlone(TapName tap, String reason) {
    say(Event.TAP_LEFT_ALONE, tap.values().and(Field.REASON, reason));
  }

  /** Mitigation is configured, and not done. */
  public static void mitigationWithheld(String reason) {
    say(Event.MITIGATION_WITHHELD, with(Field.REASON, reason));
  }

  /** It could not be done for any tap. */
  public static void mitigationFailed(String reason) {
    say(Event.MITIGATION_FAILED, with(Field.REASON, reason));
  }

  private static Values judged(QueueName queue, String confidence, String summary) {
    return of(queue).and(Field.CONFIDENCE, confidence).and(Field.SUMMARY, summary);
  }

  private static Values of(QueueName queue) {
    Values values =
        with(Field.VM, queue.vm()).and(Field.TAP, queue.tap()).and(Field.QUEUE, queue.queue());
    values.vq = queue.vq();
    return queue.tid() == 0 ? values : values.and(Field.TID, queue.tid());
  }

  private static Values with(Field field, String value) {
    return new Values().and(field, value);
  }

  private static String reason(Throwable error) {
    return Optional.ofNullable(error.getMessage()).orElse(error.toString());
  }

  private static String trace(Throwable error) {
    StringBuilder trace = new StringBuilder(error.toString());
    StackTraceElement[] frames = error.getStackTrace();
    for (int i = 0; i < Math.min(FRAMES, frames.length); i++) {
      trace.append(i == 0 ? " at " : " < ").append(frames[i]);
    }
    Throwable cause = error.getCause();
    for (int i = 0; i < CAUSES && cause != null; i++, cause = cause.getCause()) {
      trace.append("; because of ").append(cause);
    }
    return trace.toString();
  }

  private static final class Values {
    private final Map<Field, Object> known = new EnumMap<>(Field.class);
    private long vq;

    /** An empty text is one that is not known. */
    Values and(Field field, String value) {
      if (!value.isEmpty()) {
        known.put(field, value);
      }
      return this;
    }

    Values and(Field field, long value) {
      known.put(field, value);
      return this;
    }
  }

  private static void say(Event event, Values values) {
    Entry entry = Entry.of(event, values.known, values.vq, System.currentTimeMillis());
    Logger logger = Holder.LOGGER;
    switch (event.priority()) {
      case CRIT, ERROR -> logger.error("{}", entry);
      case WARNING -> logger.warn("{}", entry);
      case NOTICE, INFO -> logger.info("{}", entry);
      case DEBUG -> logger.debug("{}", entry);
    }
  }
}

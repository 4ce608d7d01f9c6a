package org.vhostwatch.incident;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.vhostwatch.log.Log;
import org.vhostwatch.state.StateDirectory;

/**
 * Keeps incidents on disk, on a thread of its own: nobody who hands one in ever waits for a disk.
 * What cannot be written stays in memory, as far as there is room, and is tried again; of several
 * versions of an incident only the last is written.
 */
public final class Archive implements AutoCloseable {

  /**
   * How much is kept.
   *
   * @param incidents at most; the oldest closed ones go first
   * @param bytes of all files together, at most
   */
  public record Limits(int incidents, long bytes) {
    public static final Limits DEFAULT = new Limits(200, 64L << 20);
  }

  private static final long FIRST_PAUSE_MILLIS = 1000;
  private static final long LONGEST_PAUSE_MILLIS = 30_000;

  /** While the disk is full, so much of recordings waits in memory. */
  private static final long MAX_WAITING_BYTES = 8 << 20;

  /** And so much of the records themselves, beside the limit to their number. */
  static final long MAX_WAITING_CHARACTERS = 8 << 20;

  /** How long the last incidents may take to be written as the agent ends. */
  private static final long CLOSE_MILLIS = 3000;

  private static final class Pending {
    Incident incident;
    byte[] recording = new byte[0];
    long characters;
    long version;

    /** Whether the record itself is on disk, and only its recording waits. */
    boolean written;

    Pending(Incident incident) {
      this.incident = incident;
    }
  }

  /** Ids begin with their time: the order is that of the first signs. */
  private static final Comparator<Pending> FIRST_TO_GO =
      Comparator.comparing((Pending entry) -> !entry.written)
          .thenComparing(entry -> entry.incident.state() != Incident.State.CLOSED)
          .thenComparing(entry -> entry.incident.id());

  private final StateDirectory folder;
  private final Limits limits;
  private final Consumer<Stored> loaded;
  private final Object lock = new Object();
  private final Map<String, Pending> pending = new LinkedHashMap<>();
  private final Map<String, Boolean> closed = new HashMap<>();
  private final Set<String> recorded = new HashSet<>();
  private final AtomicLong failures = new AtomicLong();
  private final Thread thread = new Thread(this::run, "incidents");
  private final CountDownLatch done = new CountDownLatch(1);
  private boolean stopping;
  private boolean failing;

  /** What lay there at the start was read and handed in; only the archive's thread asks. */
  private boolean known;

  private boolean unreadable;
  private long version;

  /**
   * @param loaded takes, on the archive's thread, what lies there at the start; later, if it cannot
   *     be read then
   */
  public Archive(StateDirectory folder, Limits limits, Consumer<Stored> loaded) {
    this.folder = folder;
    this.limits = limits;
    this.loaded = loaded;
    thread.setDaemon(true);
  }

  /** Reads what is there, then writes what is handed in. */
  public void start() {
    thread.start();
  }

  /**
   * Hands in an incident as it is now. If more wait than there is room for, the oldest closed ones
   * are given up, or the oldest if none is closed.
   */
  public void put(Incident incident) {
    int dropped;
    synchronized (lock) {
      Pending entry = pending.computeIfAbsent(incident.id(), absent -> new Pending(incident));
      entry.incident = incident;
      entry.characters = characters(incident);
      entry.version = ++version;
      entry.written = false;
      dropped = makeRoom();
      lock.notifyAll();
    }
    for (int i = 0; i < dropped; i++) {
      failures.incrementAndGet();
      Log.incidentDropped(folder.path().toString());
    }
  }

  /** Gives up what is too much; returns how many of them are on no disk. */
  private int makeRoom() {
    int dropped = 0;
    long characters = pending.values().stream().mapToLong(entry -> entry.characters).sum();
    while (pending.size() > 1
        && (pending.size() > limits.incidents() || characters > MAX_WAITING_CHARACTERS)) {
      Pending oldest = Collections.min(pending.values(), FIRST_TO_GO);
      pending.remove(oldest.incident.id());
      characters -= oldest.characters;
      dropped += oldest.written ? 0 : 1;
    }
    return dropped;
  }

  /** Returns about how much memory an incident takes, most of which is looks. */
  private static long characters(Incident incident) {
    long characters = length(incident.log());
    for (Look look : incident.looks()) {
      characters += look.queue().length();
      characters += length(look.text());
      characters += look.surroundings().map(String::length).orElse(0);
    }
    return characters;
  }

  private static long length(List<String> lines) {
    return lines.stream().mapToLong(String::length).sum();
  }

  /**
   * Hands in an incident with its recording; returns false if there is no room for that.
   *
   * @param recording at most 4 MiB
   */
  public boolean put(Incident incident, byte[] recording) {
    synchronized (lock) {
      long waiting = pending.values().stream().mapToLong(entry -> entry.recording.length).sum();
      boolean fits =
          recording.length <= Stored.MAX_RECORDING_BYTES
              && waiting + recording.length <= MAX_WAITING_BYTES;
      put(incident);
      Pending entry = pending.get(incident.id());
      if (!fits || entry == null) {
        return false;
      }
      entry.recording = recording;
      return true;
    }
  }

  /** Returns how often a write has failed, or was given up because too many wait. */
  public long writeFailures() {
    return failures.get();
  }

  /** Writes what is left, in some seconds at most. */
  @Override
  public void close() {
    synchronized (lock) {
      stopping = true;
      lock.notifyAll();
    }
    try {
      if (!done.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      long pause = FIRST_PAUSE_MILLIS;
      while (true) {
        known = known || load();
        // Until it is known what lies there, that is work too.
        Map<String, Pending> due = known ? next() : waiting();
        if (known && due.isEmpty()) {
          return;
        }
        boolean written = due.isEmpty() || write(due);
        if (known && written) {
          pause = FIRST_PAUSE_MILLIS;
          continue;
        }
        pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        if (!rest(pause)) {
          // Once more: what could not be written may be another's recording.
          Map<String, Pending> last = waiting();
          if (!last.isEmpty()) {
            write(last);
          }
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      done.countDown();
    }
  }

  /** Hands in what lies there; returns false if it cannot be read now. */
  private boolean load() {
    Stored stored;
    try {
      stored = Stored.read(folder);
    } catch (IOException e) {
      if (!unreadable) {
        unreadable = true;
        Log.incidentUnreadable(
            "the incidents in " + folder.path() + " cannot be read yet: " + cause(e));
      }
      return false;
    }
    try {
      folder.removeUnfinished();
    } catch (IOException e) {
      // A disk that is read-only has records all the same, and what is left is in nobody's way.
      Log.incidentUnreadable(
          "what was left unfinished in " + folder.path() + " stays there: " + cause(e));
    }
    for (Incident incident : stored.incidents()) {
      closed.put(incident.id(), incident.state() == Incident.State.CLOSED);
      if (incident.recorded()) {
        recorded.add(incident.id());
      }
    }
    loaded.accept(stored);
    return true;
  }

  /** Waits for work; returns copies of it, nothing when the archive ends. */
  private Map<String, Pending> next() throws InterruptedException {
    synchronized (lock) {
      while (pending.isEmpty() && !stopping) {
        lock.wait();
      }
      return waiting();
    }
  }

  /** Returns copies of what is not written yet. */
  private Map<String, Pending> waiting() {
    synchronized (lock) {
      Map<String, Pending> due = new LinkedHashMap<>();
      pending.forEach(
          (id, entry) -> {
            Pending copy = new Pending(entry.incident);
            copy.recording = entry.recording;
            copy.version = entry.version;
            copy.written = entry.written;
            due.put(id, copy);
          });
      return due;
    }
  }

  /** Returns false if the archive ends meanwhile. */
  private boolean rest(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    synchronized (lock) {
      while (!stopping && System.nanoTime() < end) {
        lock.wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      }
      return !stopping;
    }
  }

  private boolean write(Map<String, Pending> due) {
    String trouble = "";
    for (Map.Entry<String, Pending> entry : due.entrySet()) {
      try {
        write(entry.getValue());
        settle(entry.getKey(), entry.getValue());
      } catch (IOException e) {
        failures.incrementAndGet();
        trouble = cause(e);
      }
    }
    // Of what is not known yet, nobody knows whether it is over. What is too much goes all the more
    // when there is no room for what is new.
    if (known) {
      try {
        prune();
      } catch (IOException e) {
        failures.addAndGet(trouble.isEmpty() ? 1 : 0);
        trouble = trouble.isEmpty() ? cause(e) : trouble;
      }
    }
    if (!trouble.isEmpty() && !failing) {
      Log.incidentsNotWritten(folder.path().toString(), trouble);
    } else if (trouble.isEmpty() && failing) {
      Log.incidentsWrittenAgain(folder.path().toString());
    }
    failing = !trouble.isEmpty();
    return trouble.isEmpty();
  }

  /**
   * Writes the record first, because it says more in less room than its recording, and refers to
   * that only once it is there. Whoever is killed between leaves a recording that its record does
   * not name, which {@link Stored} finds.
   */
  private void write(Pending entry) throws IOException {
    String id = entry.incident.id();
    if (!entry.written) {
      json(entry.incident);
      closed.put(id, entry.incident.state() == Incident.State.CLOSED);
      written(id, entry);
    }
    if (entry.recording.length > 0) {
      folder.write(id + Stored.RECORDING, entry.recording);
      recorded.add(id);
      json(entry.incident);
    }
  }

  private void json(Incident incident) throws IOException {
    Incident whole = incident.withRecording(recorded.contains(incident.id()));
    folder.write(incident.id() + Stored.JSON, fitting(whole));
  }

  /** From now on it waits for its recording alone, unless a version came meanwhile. */
  private void written(String id, Pending entry) {
    synchronized (lock) {
      Pending now = pending.get(id);
      if (now != null && now.version == entry.version) {
        now.written = true;
        now.characters = 0;
      }
    }
  }

  /** A version that came meanwhile stays. */
  private void settle(String id, Pending written) {
    synchronized (lock) {
      Pending now = pending.get(id);
      if (now != null && now.version == written.version) {
        pending.remove(id);
      } else if (now != null && now.recording == written.recording) {
        now.recording = new byte[0];
      }
    }
  }

  /** Returns the incident's text, without what makes it too long. */
  private static byte[] fitting(Incident incident) {
    byte[] whole = IncidentJson.of(incident).getBytes(StandardCharsets.UTF_8);
    if (whole.length <= Stored.MAX_JSON_BYTES) {
      return whole;
    }
    List<Look> looks = new ArrayList<>();
    incident.looks().stream().findFirst().ifPresent(looks::add);
    whole = bytes(incident, looks);
    return whole.length <= Stored.MAX_JSON_BYTES ? whole : bytes(incident, List.of());
  }

  private static byte[] bytes(Incident incident, List<Look> looks) {
    return IncidentJson.of(incident.withLooks(looks)).getBytes(StandardCharsets.UTF_8);
  }

  private void prune() throws IOException {
    Map<String, Long> sizes = new TreeMap<>();
    for (String name : folder.names()) {
      int dot = name.lastIndexOf('.');
      String id = dot < 0 ? name : name.substring(0, dot);
      String kind = dot < 0 ? "" : name.substring(dot);
      if (IncidentJson.ID.matcher(id).matches()
          && (kind.equals(Stored.JSON) || kind.equals(Stored.RECORDING))) {
        sizes.merge(id, size(folder.path().resolve(name)), Long::sum);
      }
    }
    long bytes = sizes.values().stream().mapToLong(Long::longValue).sum();
    int count = sizes.size();
    // Ids begin with their time: the order is that of the first signs.
    for (Map.Entry<String, Long> oldest : sizes.entrySet()) {
      if (count <= limits.incidents() && bytes <= limits.bytes()) {
        return;
      }
      if (closed.getOrDefault(oldest.getKey(), true)) {
        folder.delete(oldest.getKey() + Stored.RECORDING);
        folder.delete(oldest.getKey() + Stored.JSON);
        closed.remove(oldest.getKey());
        recorded.remove(oldest.getKey());
        count--;
        bytes -= oldest.getValue();
      }
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  private static String cause(IOException e) {
    String what = e.getMessage() == null ? e.toString() : Stored.oneLine(e);
    boolean bare = e instanceof AccessDeniedException denied && denied.getReason() == null;
    return bare ? what + ": access denied" : what;
  }
}

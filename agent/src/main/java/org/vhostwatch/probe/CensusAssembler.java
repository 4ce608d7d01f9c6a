package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.TapPairing;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.probe.CensusQueue.Backend;

/**
 * Makes a census of the lines that the census script prints: one for each vhost_net file and one
 * for each open queue of a tap.
 */
public final class CensusAssembler {

  private static final String QUEUE = "queue ";
  private static final String TAP_FILE = "tapfile ";
  private static final String MASTER = " master=";
  private static final String NAME = " tap=";
  private static final int MAX_QUEUES = 65_536;
  private static final int MAX_INDEX = 0xffff;

  private static final long MAX_UNSIGNED = 0xffff_ffffL;

  /** Twice the most that a device may be given with BIG TCP; what is longer is no packet. */
  private static final long MAX_PACKET_BYTES = 1 << 20;

  private final Map<Long, CensusQueue> queues = new LinkedHashMap<>();

  /** By process and file descriptor: the taps' queues that are open. */
  private final Map<Integer, SortedMap<Integer, TapPort>> tapFiles = new HashMap<>();

  /** By process: taps of which the guest uses some queues only. */
  private final Map<Integer, Set<String>> shuffled = new HashMap<>();

  private int tapFileCount;
  private int rejected;

  /** Takes a line; lines of another kind are passed over. */
  public void accept(String line) {
    try {
      if (line.endsWith(LineReader.CUT)) {
        rejected++;
      } else if (line.startsWith(QUEUE)) {
        queue(new Line(line, QUEUE));
      } else if (line.startsWith(TAP_FILE) && tapFileCount < MAX_QUEUES) {
        tapFile(line);
        tapFileCount++;
      }
    } catch (IllegalArgumentException e) {
      rejected++;
    }
  }

  private void queue(Line line) {
    CensusQueue queue = parse(line);
    // A forked or watching process may hold the same file: the owner's entry is the one to show.
    CensusQueue known = queues.get(queue.vq());
    boolean wanted = known == null ? queues.size() < MAX_QUEUES : owns(queue, known);
    if (wanted) {
      queues.put(queue.vq(), queue);
      if (line.fields.is("attached", "0")) {
        shuffled.computeIfAbsent(queue.pid(), absent -> new HashSet<>()).add(queue.tap());
      }
    }
  }

  private void tapFile(String line) {
    Line tap = new Line(line, TAP_FILE);
    int pid = tap.fields.number("pid", Integer.MAX_VALUE);
    int fd = tap.fields.number("fd", Integer.MAX_VALUE);
    tapFiles.computeIfAbsent(pid, absent -> new TreeMap<>()).put(fd, port(tap));
  }

  /** Returns the census of all lines taken. */
  public Census finish() {
    Map<Integer, SortedSet<Integer>> unpaired = new HashMap<>();
    for (CensusQueue queue : queues.values()) {
      unpaired.computeIfAbsent(queue.pid(), absent -> new TreeSet<>()).add(queue.fd());
    }
    Map<Integer, Map<Integer, TapPort>> inferred = new HashMap<>();
    unpaired.forEach(
        (pid, fds) ->
            inferred.put(pid, TapPairing.infer(tapFiles.getOrDefault(pid, new TreeMap<>()), fds)));
    // What the kernel's own pointers belie of one queue is no word on any other of the process.
    queues.values().stream()
        .filter(
            queue -> belied(queue, inferred.getOrDefault(queue.pid(), Map.of()).get(queue.fd())))
        .map(CensusQueue::pid)
        .toList()
        .forEach(inferred::remove);
    List<CensusQueue> all = new ArrayList<>();
    for (CensusQueue queue : queues.values()) {
      TapPort port = inferred.getOrDefault(queue.pid(), Map.of()).get(queue.fd());
      // The kernel gives the index of a queue that is detached to another one: then the place among
      // the tap's descriptors tells which queue pair it is.
      boolean moved = shuffled.getOrDefault(queue.pid(), Set.of()).contains(queue.tap());
      boolean inferrable = queue.backend() == Backend.NONE || moved;
      all.add(inferrable && port != null ? queue.with(port) : queue);
    }
    return new Census(all, rejected);
  }

  private static boolean belied(CensusQueue queue, @Nullable TapPort inferred) {
    TapPort known = queue.port();
    return queue.backend() != Backend.NONE
        && !known.name().isEmpty()
        && inferred != null
        && !(inferred.name().equals(known.name())
            && inferred.ifindex() == known.ifindex()
            && inferred.netns() == known.netns());
  }

  private static boolean owns(CensusQueue queue, CensusQueue known) {
    return queue.pid() == queue.ownerPid() && known.pid() != known.ownerPid();
  }

  private static CensusQueue parse(Line whole) {
    Fields fields = whole.fields;
    int head = fields.number("head", Integer.MAX_VALUE);
    int tail = fields.number("tail", Integer.MAX_VALUE);
    long packet = fields.word("packet");
    long bytes = fields.number("bytes", MAX_UNSIGNED);
    // Of a queue that moves, the packet may be gone before its length is read: then none waits. Nor
    // does one for a queue that the guest does not use: macvtap keeps what came before that.
    boolean waits =
        tail > head && packet != 0 && bytes <= MAX_PACKET_BYTES && !fields.is("attached", "0");
    return new CensusQueue(
        fields.word("vq"),
        fields.number("pid", Integer.MAX_VALUE),
        fields.number("fd", Integer.MAX_VALUE),
        fields.orZero("owner", Integer.MAX_VALUE),
        fields.orZero("worker", Integer.MAX_VALUE),
        fields.number("num", MAX_INDEX),
        fields.number("avail", MAX_INDEX),
        fields.number("last", MAX_INDEX),
        fields.number("used", MAX_INDEX),
        fields.number("txlast", MAX_INDEX),
        fields.word("features"),
        fields.word("busyloop"),
        backend(fields.number("backend", Integer.MAX_VALUE)),
        waits ? tail - head : 0,
        waits ? packet : 0,
        waits ? bytes : 0,
        port(whole));
  }

  private static TapPort port(Line line) {
    return line.tap.isEmpty()
        ? TapPort.NONE
        : new TapPort(
            line.tap,
            line.looked ? line.fields.orZero("ifindex", Integer.MAX_VALUE) : 0,
            line.master,
            line.looked ? line.fields.word("netns") : 0,
            line.fields.number("index", MAX_INDEX),
            true,
            line.fields.is("backend", "2"));
  }

  private static Backend backend(int code) {
    return switch (code) {
      case 0 -> Backend.NONE;
      case 1 -> Backend.TUN;
      case 2 -> Backend.MACVTAP;
      default -> Backend.OTHER;
    };
  }

  /** A line: its numbers, and the two names at its end. */
  private static final class Line {
    final Fields fields;
    final String master;
    final String tap;
    final boolean looked;

    Line(String line, String prefix) {
      int name = line.indexOf(NAME);
      int before = line.indexOf(MASTER);
      // Recordings of versions that did not look beyond the tap's name have no master.
      boolean looked = before >= 0 && before < name;
      int end = looked ? before : name;
      if (end < prefix.length()) {
        throw new IllegalArgumentException("no tap, or nothing before it");
      }
      fields = new Fields(line.substring(prefix.length(), end));
      master = looked ? line.substring(before + MASTER.length(), name) : "";
      tap = line.substring(name + NAME.length());
      this.looked = looked;
    }
  }

  /** The {@code name=value} pairs of a line. */
  private static final class Fields {
    private final Map<String, String> values = new HashMap<>();

    Fields(String text) {
      for (String word : text.split(" ", 64)) {
        int equals = word.indexOf('=');
        if (equals > 0) {
          values.put(word.substring(0, equals), word.substring(equals + 1));
        }
      }
    }

    /** Returns a number from 0 to a limit: one beyond it is damage, not a number to cut to size. */
    long number(String name, long limit) {
      long number = word(name);
      if (number < 0 || number > limit) {
        throw new IllegalArgumentException(name + " is out of range: " + number);
      }
      return number;
    }

    /** Returns 0, which is not known, for what was read of something that went meanwhile. */
    int orZero(String name, int limit) {
      long number = word(name);
      return number < 0 || number > limit ? 0 : (int) number;
    }

    int number(String name, int limit) {
      return (int) number(name, (long) limit);
    }

    boolean is(String name, String value) {
      return value.equals(values.get(name));
    }

    /** Returns 64 bits, such as an address. */
    long word(String name) {
      String value = values.get(name);
      if (value == null) {
        throw new IllegalArgumentException("no " + name);
      }
      return Numbers.parse(value);
    }
  }
}

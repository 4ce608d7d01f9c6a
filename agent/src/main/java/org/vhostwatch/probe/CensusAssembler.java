package org.vhostwatch.probe;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes a census of the lines that the census script prints: one for each vhost_net file. */
public final class CensusAssembler {

  private static final String PREFIX = "queue ";
  private static final String NAME = " tap=";
  private static final int MAX_QUEUES = 65_536;

  private final Map<Long, CensusQueue> queues = new LinkedHashMap<>();
  private int rejected;

  /** Takes a line; lines of another kind are passed over. */
  public void accept(String line) {
    if (!line.startsWith(PREFIX)) {
      return;
    }
    try {
      CensusQueue queue = parse(line);
      // A forked or watching process may hold the same file: the owner's entry is the one to show.
      CensusQueue known = queues.get(queue.vq());
      if (known == null ? queues.size() < MAX_QUEUES : owns(queue, known)) {
        queues.put(queue.vq(), queue);
      }
    } catch (IllegalArgumentException e) {
      rejected++;
    }
  }

  /** Returns the census of all lines taken. */
  public Census finish() {
    return new Census(List.copyOf(queues.values()), rejected);
  }

  private static boolean owns(CensusQueue queue, CensusQueue known) {
    return queue.pid() == queue.ownerPid() && known.pid() != known.ownerPid();
  }

  private static CensusQueue parse(String line) {
    int name = line.indexOf(NAME);
    if (name < 0) {
      throw new IllegalArgumentException("no tap in " + line);
    }
    Fields fields = new Fields(line.substring(PREFIX.length(), name));
    int head = (int) fields.number("head");
    int tail = (int) fields.number("tail");
    boolean waits = tail > head;
    return new CensusQueue(
        fields.number("vq"),
        (int) fields.number("pid"),
        (int) fields.number("fd"),
        (int) fields.number("owner"),
        (int) fields.number("worker"),
        (int) fields.number("num"),
        (int) fields.number("avail"),
        (int) fields.number("last"),
        (int) fields.number("used"),
        (int) fields.number("txlast"),
        fields.number("features"),
        fields.number("busyloop"),
        backend(fields.number("backend")),
        waits ? tail - head : 0,
        waits ? fields.number("packet") : 0,
        waits ? fields.number("bytes") : 0,
        line.substring(name + NAME.length()),
        (int) fields.number("index"));
  }

  private static CensusQueue.Backend backend(long code) {
    return switch ((int) code) {
      case 0 -> CensusQueue.Backend.NONE;
      case 1 -> CensusQueue.Backend.TUN;
      case 2 -> CensusQueue.Backend.MACVTAP;
      default -> CensusQueue.Backend.OTHER;
    };
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

    long number(String name) {
      String value = values.get(name);
      if (value == null) {
        throw new IllegalArgumentException("no " + name);
      }
      return Numbers.parse(value);
    }
  }
}

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
  private static final int MAX_INDEX = 0xffff;

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
      boolean wanted = known == null ? queues.size() < MAX_QUEUES : owns(queue, known);
      if (wanted) {
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
    if (name < PREFIX.length()) {
      throw new IllegalArgumentException("no tap, or nothing before it");
    }
    Fields fields = new Fields(line.substring(PREFIX.length(), name));
    int head = fields.number("head", Integer.MAX_VALUE);
    int tail = fields.number("tail", Integer.MAX_VALUE);
    boolean waits = tail > head;
    return new CensusQueue(
        fields.word("vq"),
        fields.number("pid", Integer.MAX_VALUE),
        fields.number("fd", Integer.MAX_VALUE),
        fields.number("owner", Integer.MAX_VALUE),
        fields.number("worker", Integer.MAX_VALUE),
        fields.number("num", MAX_INDEX),
        fields.number("avail", MAX_INDEX),
        fields.number("last", MAX_INDEX),
        fields.number("used", MAX_INDEX),
        fields.number("txlast", MAX_INDEX),
        fields.word("features"),
        fields.word("busyloop"),
        backend(fields.number("backend", Integer.MAX_VALUE)),
        waits ? tail - head : 0,
        waits ? fields.word("packet") : 0,
        waits ? fields.number("bytes", Integer.MAX_VALUE) : 0,
        line.substring(name + NAME.length()),
        fields.number("index", MAX_INDEX));
  }

  private static CensusQueue.Backend backend(int code) {
    return switch (code) {
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

    /** Returns a number from 0 to a limit: one beyond it is damage, not a number to cut to size. */
    int number(String name, int limit) {
      long number = word(name);
      if (number < 0 || number > limit) {
        throw new IllegalArgumentException(name + " is out of range: " + number);
      }
      return (int) number;
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

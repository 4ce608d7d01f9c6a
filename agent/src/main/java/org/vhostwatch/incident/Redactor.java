package org.vhostwatch.incident;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.report.JsonText;
import org.vhostwatch.report.Printable;

/**
 * Replaces what names a customer or a network: VMs, taps, bridges, the host, UUIDs, IP and MAC
 * addresses; and kernel addresses, which say where the kernel lies. The same thing has the same
 * replacement in all texts of one redactor.
 *
 * <p>In JSON only values are replaced, and none whose words are this program's own: a VM may be
 * called {@code LIVELOCKED}. What a recording measures stays as it is, so it gives the same
 * verdict.
 */
final class Redactor {

  /** Values that this program chose, times and versions: nothing in them is foreign. */
  private static final Set<String> OWN =
      Set.of(
          "schema",
          "id",
          "state",
          "how_ended",
          "verdict",
          "confidence",
          "identity",
          "status",
          "source",
          "says",
          "upstream",
          "flow",
          "allowed",
          "features",
          "kind",
          "backend",
          "outcome",
          "when",
          "quality",
          "format",
          "begin",
          "line",
          "end",
          "recording",
          "time",
          "first_sign",
          "confirmed",
          "last_seen",
          "ended",
          "from",
          "to",
          "since",
          "kernel",
          "bpftrace",
          "vhostwatch",
          "what",
          "how",
          "peekFunction",
          "descriptorFunction",
          "peek_function",
          "descriptor_function");

  /** The kernel's functions, and addresses where it has no name for one. */
  private static final Set<String> FUNCTIONS = Set.of("wchan", "stack", "frames");

  /** What kind of name a field holds. */
  private static final Map<String, String> NAMES =
      Map.of(
          "vm", "vm", "name", "vm", "vm_uuid", "uuid", "uuid", "uuid", "vm_id", "vm-id", "vmid",
          "vm-id", "tap", "tap", "bridge", "bridge", "master", "bridge", "boot_id", "uuid");

  private static final Pattern UUID =
      Pattern.compile("(?i)(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])");
  private static final Pattern MAC =
      Pattern.compile("(?i)(?<![0-9a-f:])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![0-9a-f:])");

  private static final String QUAD = "(?:\\d{1,3}\\.){3}\\d{1,3}";

  private static final String IPV4 = "(?<![0-9.])" + QUAD + "(?![0-9.]\\d)";

  private static final String IPV6_BEGINS = "(?<![0-9a-z:])(?<!\\d\\.)";

  /** Ends as one of IPv4. Those that begin with two colons are that one, and have its word. */
  private static final String IPV6_OF_IPV4 =
      IPV6_BEGINS + "[0-9a-f]{1,4}:(?:[0-9a-f]{0,4}:){1,6}" + QUAD + "(?![0-9.]\\d)";

  /** With two colons in a row, or all eight groups: a time of day is none. */
  private static final String IPV6 =
      IPV6_BEGINS
          + "(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
          + "|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?)"
          + "(?![0-9a-z:]|(?:\\.\\d{1,3}){3}(?!\\d))";

  /**
   * All kinds in one go: the kernel's {@code ip=} has colons between addresses of IPv4, and one of
   * IPv6 that begins at the last digits of one would leave the others of it.
   */
  private static final Pattern IP =
      Pattern.compile("(?i)" + IPV6_OF_IPV4 + "|" + IPV4 + "|" + IPV6);

  private static final Pattern ADDRESS =
      Pattern.compile(
          "(?<![0-9A-Za-z_.])(?:0x([0-9a-fA-F]{9,16})|([0-9a-fA-F]{16})|(-?\\d{15,20}))"
              + "(?![0-9A-Za-z_])");

  private static final long PSEUDONYMS = 0xffff_0000_0000_0000L;
  private static final long DISTANCE = 0x1000;

  /** Names of threads that the kernel, QEMU or this program gives: they say what, not whose. */
  private static final Pattern WELL_KNOWN =
      Pattern.compile(
          "vhost-\\d+|qemu(?:-kvm|-system(?:-[a-z0-9]{1,3})?)?|kvm|CPU \\d+/KVM|IO \\w+|kworker/.*|ksoftirqd/\\d+|rcu_\\w+"
              + "|migration/\\d+|bpftrace|java|swapper/\\d+|"
              + Surroundings.OWN
              + ".*");

  /** The line of a report that names the VM. */
  private static final Pattern VMM = Pattern.compile("  VM .*  process (.+) pid \\d+");

  /** A field at the head of a log line; what comes after the first colon and blank is words. */
  private static final Pattern FIELD =
      Pattern.compile(
          "(?:^\\S+ [a-z]+ [a-z-]+|(?!^)\\G) ([a-z_]+)=(\"(?:[^\"\\\\]|\\\\.)*+\"|[A-Za-z0-9._-]*+)");

  /** Ends a name in a log line that was too long for it. */
  private static final String CUT = "...";

  /**
   * Shorter names are replaced as whole words only, as a VM may be called {@code a}; so are all
   * names of processes, which are words of every day.
   */
  private static final int WORD = 4;

  private static final String PROCESS = "process";

  private final Map<String, String> replacements = new LinkedHashMap<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private final Map<Long, Long> addresses = new HashMap<>();
  private Optional<Pattern> names = Optional.empty();

  /**
   * @param host name of the host, empty if not known
   * @throws IOException if the recording is damaged
   */
  Redactor(Incident incident, Optional<byte[]> recording, String host) throws IOException {
    QueueIdentity queue = incident.queue();
    learn("vm", queue.vm());
    queue.uuid().ifPresent(uuid -> learn("uuid", uuid));
    queue.vmid().ifPresent(id -> learn("vm-id", id));
    learn("tap", queue.port().name());
    learn("bridge", queue.port().master());
    learn("host", host);
    int dot = host.indexOf('.');
    learn("host", dot < 0 ? "" : host.substring(0, dot));
    for (Look look : incident.looks()) {
      Map<?, ?> seen = JsonTree.parse(look.queue()).fields();
      learnFields(seen);
      learnProcesses(seen);
      look.text().forEach(this::learnVmm);
      if (look.surroundings().isPresent()) {
        Map<?, ?> around = JsonTree.parse(look.surroundings().get()).fields();
        learnFields(around);
        learnProcesses(around);
      }
    }
    incident.log().forEach(this::learnLogged);
    if (recording.isPresent()) {
      for (String line : Stored.lines(recording.get())) {
        JsonTree event = JsonTree.parse(line);
        learnFields(event.fields());
        learnProcesses(event.fields());
        if ("CENSUS".equals(event.fields().get("line"))) {
          census(event.text("text"));
        }
      }
    }
    names = pattern();
  }

  private void learnFields(Map<?, ?> fields) {
    fields.forEach(
        (key, value) -> {
          String kind = NAMES.get((String) key);
          if (value instanceof String text && kind != null) {
            learn(kind, text);
          } else if (value instanceof Map<?, ?> inner) {
            learnFields(inner);
          } else if (value instanceof List<?> items) {
            for (Object item : items) {
              if (item instanceof Map<?, ?> inner) {
                learnFields(inner);
              }
            }
          }
        });
  }

  /** Agents before this one have put lines about other VMs into the log of an incident. */
  private void learnLogged(String line) {
    Matcher fields = FIELD.matcher(line);
    while (fields.find()) {
      String kind = NAMES.get(fields.group(1));
      String value = fields.group(2);
      if (kind != null && value.startsWith("\"")) {
        String name = Printable.unquoted(value);
        learn(kind, name);
        if (name.endsWith(CUT)) {
          learn(kind, name.substring(0, name.length() - CUT.length()));
        }
      } else if (kind != null) {
        learn(kind, value);
      }
    }
  }

  /** A report names the VMM's process in its text alone. */
  private void learnVmm(String line) {
    Matcher vmm = VMM.matcher(line);
    if (vmm.matches()) {
      learnProcess(vmm.group(1));
    }
  }

  /** What else runs on the host is the operator's business, and may be called after a VM. */
  private void learnProcesses(@Nullable Object value) {
    if (value instanceof Map<?, ?> fields) {
      fields.forEach(
          (key, inner) -> {
            if ("comm".equals(key) && inner instanceof String comm) {
              learnProcess(comm);
            } else {
              learnProcesses(inner);
            }
          });
    } else if (value instanceof List<?> items) {
      items.forEach(this::learnProcesses);
    }
  }

  private void learnProcess(String comm) {
    if (!WELL_KNOWN.matcher(comm).matches()) {
      learn(PROCESS, comm);
    }
  }

  private String learn(String kind, String name) {
    return name.isEmpty()
        ? ""
        : replacements.computeIfAbsent(
            name, absent -> kind + "-" + counts.merge(kind, 1, Integer::sum));
  }

  /** All names in all forms that they are written in, the longest first. */
  private Optional<Pattern> pattern() {
    Map<String, String> forms = new LinkedHashMap<>();
    replacements.forEach(
        (name, replacement) -> {
          for (String form : forms(name)) {
            forms.putIfAbsent(form, replacement);
          }
        });
    replacements.putAll(forms);
    List<String> sorted = new ArrayList<>(forms.keySet());
    sorted.sort(Comparator.comparingInt(String::length).reversed().thenComparing(name -> name));
    List<String> alternatives = new ArrayList<>();
    for (String form : sorted) {
      boolean word =
          form.length() < WORD
              || form.chars().allMatch(Character::isDigit)
              || forms.getOrDefault(form, "").startsWith(PROCESS + "-");
      alternatives.add(
          word
              ? "(?<![A-Za-z0-9_])" + Pattern.quote(form) + "(?![A-Za-z0-9_])"
              : Pattern.quote(form));
    }
    return alternatives.isEmpty()
        ? Optional.empty()
        : Optional.of(Pattern.compile(String.join("|", alternatives)));
  }

  /** Returns how a name is written in texts, in JSON, and in JSON within JSON. */
  private static Set<String> forms(String name) {
    Set<String> forms = new LinkedHashSet<>();
    forms.add(name);
    forms.add(JsonText.wellFormed(name));
    forms.add(Printable.of(name));
    forms.add(Printable.of(JsonText.wellFormed(name)));
    // As a field of a log line; the quotes themselves stay.
    String quoted = Printable.quoted(name);
    forms.add(quoted.substring(1, quoted.length() - 1));
    for (String form : List.copyOf(forms)) {
      forms.add(inJson(form));
      forms.add(inJson(inJson(form)));
    }
    return forms;
  }

  private static String inJson(String text) {
    try {
      String quoted = JsonTree.write(JsonText.wellFormed(text));
      return quoted.substring(1, quoted.length() - 1);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns a plain text, redacted. */
  String text(String text) {
    String out = text;
    if (names.isPresent()) {
      out =
          names
              .get()
              .matcher(out)
              .replaceAll(
                  match ->
                      Matcher.quoteReplacement(replacements.getOrDefault(match.group(), "name")));
    }
    out = each(UUID, "uuid", out);
    out = each(MAC, "mac", out);
    out = each(IP, "ip", out);
    return addresses(out);
  }

  private String each(Pattern pattern, String kind, String text) {
    return pattern
        .matcher(text)
        .replaceAll(match -> match.group().equals("::") ? "::" : learn(kind, match.group()));
  }

  private String addresses(String text) {
    return ADDRESS
        .matcher(text)
        .replaceAll(
            match -> {
              try {
                return address(match.group(1), match.group(2), match.group(3), match.group());
              } catch (NumberFormatException e) {
                return match.group();
              }
            });
  }

  private String address(String hex, String bare, String decimal, String whole) {
    String digits = hex != null ? hex : bare;
    boolean signed = decimal != null && decimal.startsWith("-");
    long value =
        digits != null
            ? Long.parseUnsignedLong(digits, 16)
            : signed ? Long.parseLong(decimal) : Long.parseUnsignedLong(decimal);
    // The upper half is the kernel's, with page tables of four levels and of five; all else is a
    // number.
    if (value >>> 56 != 0xff) {
      return whole;
    }
    long other =
        addresses.computeIfAbsent(value, absent -> PSEUDONYMS + DISTANCE * (addresses.size() + 1));
    if (digits != null) {
      return (hex != null ? "0x" : "") + Long.toHexString(other);
    }
    return signed ? Long.toString(other) : Long.toUnsignedString(other);
  }

  /** Returns one JSON object, redacted. */
  String json(String text) throws IOException {
    return JsonTree.write(value("", JsonTree.parse(text).fields())) + "\n";
  }

  /** Returns a recording, redacted. */
  byte[] recording(byte[] recording) throws IOException {
    StringBuilder out = new StringBuilder();
    for (String line : Stored.lines(recording)) {
      Map<?, ?> fields = JsonTree.parse(line).fields();
      if (fields.get("text") instanceof String said && fields.containsKey("line")) {
        Map<String, Object> redacted = new LinkedHashMap<>();
        fields.forEach((key, value) -> redacted.put((String) key, value));
        // Of the probes come numbers and the kernel's own symbols.
        redacted.put("text", "CENSUS".equals(fields.get("line")) ? census(said) : addresses(said));
        out.append(JsonTree.write(redacted)).append('\n');
      } else {
        out.append(JsonTree.write(value("", fields))).append('\n');
      }
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** A line of the census ends with two names, which may look like anything but have no blank. */
  private String census(String line) {
    int tap = line.indexOf(" tap=");
    if (tap < 0) {
      return text(line);
    }
    int master = line.indexOf(" master=");
    boolean both = master >= 0 && master < tap;
    String numbers = addresses(line.substring(0, both ? master : tap));
    String bridge = both ? line.substring(master + " master=".length(), tap) : "";
    return numbers
        + (both ? " master=" + learn("bridge", bridge) : "")
        + " tap="
        + learn("tap", line.substring(tap + " tap=".length()));
  }

  private Object value(String name, Object value) {
    if (value instanceof Map<?, ?> object) {
      Map<String, Object> redacted = new LinkedHashMap<>();
      object.forEach((key, inner) -> redacted.put((String) key, value((String) key, inner)));
      return redacted;
    }
    if (value instanceof List<?> array) {
      return array.stream().map(item -> value(name, item)).toList();
    }
    if (value instanceof String text && !OWN.contains(name)) {
      String kind = NAMES.get(name);
      if (kind != null) {
        return learn(kind, text);
      }
      return FUNCTIONS.contains(name) ? addresses(text) : text(text);
    }
    return value;
  }
}

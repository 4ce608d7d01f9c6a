package org.vhostwatch.config;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vhostwatch.log.LogFormat;
import org.vhostwatch.log.Priority;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.report.Printable;

/**
 * How values of a key are written, and which are allowed.
 *
 * @param <T> what a value is
 */
public final class Kind<T> {

  private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h)");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,6})([MG])");
  private static final Pattern ADDRESS =
      Pattern.compile("(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]\\s]+):(\\d{1,5})");
  private static final String BYTE = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
  private static final Pattern IPV4 = Pattern.compile(BYTE + "(\\." + BYTE + "){3}");

  /** What is made of digits and dots alone is meant to be an address. */
  private static final Pattern HOST_NAME =
      Pattern.compile("(?=.*[A-Za-z])[A-Za-z0-9_][A-Za-z0-9._-]{0,252}");

  private static final String TIME_FORM = "a time such as 500ms, 5s, 2m or 1h";
  private static final String SIZE_FORM = "a size such as 512M or 2G";

  private interface Reading<T> {
    T read(String text) throws BadValue;
  }

  private final String label;
  private final String form;
  private final String range;
  private final List<String> words;
  private final Reading<T> reading;

  private Kind(String label, String form, String range, List<String> words, Reading<T> reading) {
    this.label = label;
    this.form = form;
    this.range = range;
    this.words = words;
    this.reading = reading;
  }

  /** Times, both ends included. */
  static Kind<Duration> time(String least, String most) {
    Duration first = duration(least);
    Duration last = duration(most);
    return new Kind<>(
        "TIME",
        TIME_FORM,
        least + " to " + most,
        List.of(),
        text -> {
          Duration value = time(text);
          if (value.compareTo(first) < 0 || value.compareTo(last) > 0) {
            throw outside(text);
          }
          return value;
        });
  }

  /** Amounts of memory in bytes, both ends included; 0 says that there is no limit. */
  static Kind<Long> size(String least, String most) {
    long first = bytes(least);
    long last = bytes(most);
    String range = least + " to " + most + ", or 0 for none";
    return new Kind<>(
        "SIZE",
        SIZE_FORM,
        range,
        List.of(),
        text -> {
          long value = text.equals("0") ? 0 : size(text);
          if (value != 0 && (value < first || value > last)) {
            throw outside(text);
          }
          return value;
        });
  }

  /** Whole numbers, both ends included. */
  static Kind<Integer> number(String label, String form, int least, int most) {
    return number(label, form, least, most, false);
  }

  /** Whole numbers, both ends included; 0 says that there is no limit. */
  static Kind<Integer> limit(String label, String form, int least, int most) {
    return number(label, form, least, most, true);
  }

  private static Kind<Integer> number(
      String label, String form, int least, int most, boolean zeroForNone) {
    String range = least + " to " + most + (zeroForNone ? ", or 0 for none" : "");
    return new Kind<>(
        label,
        form,
        range,
        List.of(),
        text -> {
          if (!text.matches("\\d{1,9}")) {
            throw not(text, "a whole number");
          }
          int value = Integer.parseInt(text);
          if ((value < least || value > most) && !(zeroForNone && value == 0)) {
            throw outside(text);
          }
          return value;
        });
  }

  static Kind<Boolean> flag() {
    return choice("yes/no", List.of("yes", "no"), text -> text.equals("yes"));
  }

  static Kind<Mode> mode() {
    return choice("MODE", Mode.values(), Mode::word);
  }

  static Kind<Priority> priority() {
    return choice("LEVEL", Priority.values(), Priority::word);
  }

  static Kind<LogFormat> logFormat() {
    return choice("FORMAT", LogFormat.values(), LogFormat::word);
  }

  private static <T> Kind<T> choice(String label, T[] values, Function<T, String> word) {
    return choice(
        label,
        Arrays.stream(values).map(word).toList(),
        text ->
            Arrays.stream(values)
                .filter(value -> word.apply(value).equals(text))
                .findFirst()
                .orElseThrow());
  }

  /** One of some words. */
  private static <T> Kind<T> choice(String label, List<String> words, Reading<T> reading) {
    int last = words.size() - 1;
    String form = String.join(", ", words.subList(0, last)) + " or " + words.get(last);
    return new Kind<>(
        label,
        form,
        "",
        words,
        text -> {
          if (!words.contains(text)) {
            throw not(text, form);
          }
          return reading.read(text);
        });
  }

  /** Where to listen. A name is not resolved: at boot nobody may answer what it means. */
  static Kind<InetSocketAddress> address() {
    String form = "an address and a port such as 127.0.0.1:19739 or [::1]:19739";
    return new Kind<>(
        "ADDRESS:PORT",
        form,
        "",
        List.of(),
        text -> {
          Matcher matcher = ADDRESS.matcher(text);
          int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : -1;
          if (port < 0 || port > 65_535) {
            throw not(text, "an address and a port");
          }
          String host = matcher.group(1);
          if (HOST_NAME.matcher(host).matches()) {
            return InetSocketAddress.createUnresolved(host, port);
          }
          if (host.startsWith("[") || IPV4.matcher(host).matches()) {
            InetSocketAddress address = new InetSocketAddress(host, port);
            if (!address.isUnresolved()) {
              return address;
            }
          }
          throw new BadValue(quoted(text) + " is not an address of a host");
        });
  }

  /** A program and its arguments, which is nothing that a shell reads; {@code none} for no one. */
  static Kind<List<String>> command() {
    return new Kind<>(
        "COMMAND",
        "the absolute path of a program and its arguments, which blanks part and nothing quotes, or"
            + " none",
        "",
        List.of(),
        text -> {
          if (text.equals("none")) {
            return List.of();
          }
          List<String> words = List.of(text.strip().split("\\s+"));
          absolute(words.get(0));
          return words;
        });
  }

  /** Where servers are reached: one or more, which blanks part; {@code none} for no one. */
  static Kind<List<URI>> urls() {
    String form = "one or more URLs such as http://127.0.0.1:9093, which blanks part, or none";
    return new Kind<>(
        "URL",
        form,
        "",
        List.of(),
        text -> {
          List<URI> urls = new ArrayList<>();
          for (String word : text.equals("none") ? new String[0] : text.strip().split("\\s+")) {
            urls.add(url(word));
          }
          return List.copyOf(urls);
        });
  }

  private static final int MAX_PORT = 65_535;

  private static URI url(String text) throws BadValue {
    try {
      URI url = new URI(text);
      boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
      if (http
          && url.getHost() != null
          && url.getRawUserInfo() == null
          && url.getRawQuery() == null
          && url.getRawFragment() == null
          && (url.getPort() == -1 || (url.getPort() > 0 && url.getPort() <= MAX_PORT))) {
        return url;
      }
    } catch (URISyntaxException e) {
      throw new BadValue(quoted(text) + " is not a URL: " + e.getReason());
    }
    throw not(text, "a URL of a server, without user, query and fragment");
  }

  /** Paths that mean the same wherever the program was started. */
  static Kind<Path> path(String label) {
    return new Kind<>(label, "an absolute path", "", List.of(), Kind::absolute);
  }

  /** Absolute paths, or a word that stands for the want of one. */
  static Kind<Optional<Path>> pathOr(String label, String word) {
    return new Kind<>(
        label,
        "an absolute path, or " + word,
        "",
        List.of(),
        text -> text.equals(word) ? Optional.empty() : Optional.of(absolute(text)));
  }

  private static Path absolute(String text) throws BadValue {
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException e) {
      throw new BadValue(quoted(text) + " is not a path: " + e.getReason());
    }
    throw not(text, "an absolute path");
  }

  /** Reads a time without a range. */
  public static Duration time(String text) throws BadValue {
    Matcher matcher = TIME.matcher(text);
    if (!matcher.matches()) {
      throw not(text, "a time");
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }

  private static long size(String text) throws BadValue {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw not(text, "a size");
    }
    return Long.parseLong(matcher.group(1)) << (matcher.group(2).equals("G") ? 30 : 20);
  }

  private static Duration duration(String ours) {
    try {
      return time(ours);
    } catch (BadValue e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static long bytes(String ours) {
    try {
      return size(ours);
    } catch (BadValue e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static BadValue not(String text, String what) {
    return new BadValue(text.isEmpty() ? "there is no value" : quoted(text) + " is not " + what);
  }

  private static BadValue outside(String text) {
    return new BadValue(quoted(text) + " is out of range");
  }

  private static String quoted(String text) {
    return "'" + Printable.of(text) + "'";
  }

  /** Returns what stands for the value in a synopsis. */
  public String label() {
    return label;
  }

  /** Returns all that can be said, if these are words. */
  public List<String> words() {
    return words;
  }

  /** Returns which values are allowed, in a few words. */
  public String range() {
    return range.isEmpty() ? form : range;
  }

  /** Returns how a value is written and which are allowed. */
  public String right() {
    return range.isEmpty() ? form : form + ", from " + range;
  }

  /**
   * Reads a value.
   *
   * @throws BadValue if it is none, or not allowed
   */
  public T read(String text) throws BadValue {
    return reading.read(text);
  }
}

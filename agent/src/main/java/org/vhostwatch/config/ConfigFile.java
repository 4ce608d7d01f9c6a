package org.vhostwatch.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.host.Ownership;
import org.vhostwatch.report.Printable;

/**
 * A configuration file as it was read: lines of {@code key = value}, {@code #} begins a comment.
 *
 * @param path where it is
 * @param present whether it is there and was read; the default one may be absent
 * @param lines what it says of keys that exist, each once
 * @param problems what is wrong with it, in its order; values are not looked at yet
 */
record ConfigFile(Path path, boolean present, Map<Key<?>, Line> lines, List<Problem> problems) {

  /** What a line says. */
  record Line(String value, Origin origin) {}

  /** A hundred times what the whole default file needs. */
  private static final int MAX_BYTES = 256 << 10;

  private static final String FORM = "right is key = value, or a comment that begins with #";
  private static final int BYTE_ORDER_MARK = 0xfeff;

  /**
   * Reads a file. It never fails: what is wrong is in the result.
   *
   * @param optional whether it may be absent
   */
  static ConfigFile read(Path path, boolean optional) {
    try {
      if (optional && Files.notExists(path)) {
        return new ConfigFile(path, false, Map.of(), List.of());
      }
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        return refused(path, "not a plain file", "right is a file of lines key = value");
      }
      Optional<String> objection = Ownership.objectionTo(path);
      if (objection.isPresent()) {
        return refused(
            path, objection.get(), "only root, or who runs this, may be able to change it");
      }
      try (InputStream in = Files.newInputStream(path)) {
        byte[] content = in.readNBytes(MAX_BYTES + 1);
        return content.length > MAX_BYTES
            ? refused(path, "longer than " + MAX_BYTES + " bytes", "no configuration is")
            : new Parser(path).parse(content);
      }
    } catch (IOException e) {
      return refused(
          path,
          "cannot be read: " + reason(e),
          "name a file that is there and may be read, or none");
    }
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "this user may not read it";
    }
    String reason = e instanceof FileSystemException of ? of.getReason() : e.getMessage();
    return Printable.of(reason == null ? e.getClass().getSimpleName() : reason);
  }

  private static ConfigFile refused(Path path, String what, String right) {
    return new ConfigFile(
        path, false, Map.of(), List.of(new Problem(Origin.file(path, 0), "", what, right)));
  }

  /** Takes it apart, line by line. */
  private static final class Parser {
    private final Path path;
    private final Map<Key<?>, Line> lines = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    Parser(Path path) {
      this.path = path;
    }

    ConfigFile parse(byte[] content) {
      int number = 0;
      int start = 0;
      while (start < content.length) {
        int end = start;
        while (end < content.length && content[end] != '\n') {
          end++;
        }
        line(Arrays.copyOfRange(content, start, end), Origin.file(path, ++number));
        start = end + 1;
      }
      return new ConfigFile(path, true, lines, problems);
    }

    private void line(byte[] bytes, Origin origin) {
      String text;
      try {
        text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (CharacterCodingException e) {
        problems.add(new Problem(origin, "", "not UTF-8", "save the file as UTF-8"));
        return;
      }
      if (!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
        text = text.substring(1);
      }
      // To the end, over what else Java takes for the end of a line.
      String said = text.replaceFirst("(?s)(^|\\s)#.*", "").strip();
      if (said.isEmpty()) {
        return;
      }
      int equals = said.indexOf('=');
      String name = (equals < 0 ? said : said.substring(0, equals)).strip();
      if (equals < 0) {
        problems.add(new Problem(origin, Printable.of(name), "there is no =", FORM));
        return;
      }
      Optional<Key<?>> key = Keys.named(name);
      if (key.isEmpty()) {
        problems.add(new Problem(origin, Printable.of(name), "no such key", meant(name)));
        return;
      }
      Line first =
          lines.putIfAbsent(key.get(), new Line(said.substring(equals + 1).strip(), origin));
      if (first != null) {
        problems.add(
            new Problem(origin, name, "said before, in " + first.origin().text(), "right is once"));
      }
    }

    private static String meant(String name) {
      return Nearest.to(
              name.strip().toLowerCase(Locale.ROOT).replace('_', '-'),
              Keys.ALL.stream().map(Key::name).toList())
          .map(near -> "right may be " + near)
          .orElse("vhostwatch.conf(5) lists all keys");
    }
  }
}

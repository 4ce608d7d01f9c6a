package org.vhostwatch.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The scripts that the documentation names are there, and know the options it gives them. */
class DocsScriptsTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** A script by its path, and what follows it. */
  private static final Pattern SCRIPT =
      Pattern.compile(
          "(?<![\\w./-])(?:\\./)?"
              + "((?:lab|bench|packaging|monitoring|agent|\\.ci)/(?!target\\b|out\\b)[\\w-]+"
              + "|(?<=\\./)(?:verify|demo))(?![\\w./-])(.*)");

  private static final Pattern BETWEEN_COMMANDS = Pattern.compile("[;&|]+|, ");
  private static final Pattern COMMENT = Pattern.compile("(?:^|\\s)#.*");
  private static final Pattern SPAN = Pattern.compile("`([^`]+)`");
  private static final Pattern OPTION = Pattern.compile("(?<=\\s)--[a-z][a-z-]*");

  /** From here on the words are another program's. */
  private static final Pattern REST = Pattern.compile("\\s--(?:\\s.*)?$");

  static Set<String> scripts() throws IOException {
    return named().keySet();
  }

  @Test
  void thePagesNameScripts() throws IOException {
    assertThat(scripts())
        .contains("verify", "demo", "lab/run", "bench/growth", "packaging/check", "agent/fuzz");
    assertThat(named().get("agent/fuzz")).contains("--seconds");
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void eachIsThereAndCanBeRun(String script) throws Exception {
    Path file = ROOT.resolve(script);
    assertThat(file).isRegularFile().isExecutable();
    assertThat(said("bash", "-n", file.toString())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void eachKnowsTheOptionsThatItIsGiven(String script) throws Exception {
    Path file = ROOT.resolve(script);
    String text = Files.readString(file);
    // Those that take no --help would begin with their work.
    String usage = text.contains("--help)") ? said(file.toString(), "--help") : text;
    for (String option : named().getOrDefault(script, Set.of())) {
      assertThat(usage).as(script).containsPattern("(?<![\\w-])" + option + "(?![\\w-])");
      assertThat(text).as(script).containsPattern("(?<![\\w-])" + option + "(?![\\w-])");
    }
  }

  /** Returns each script that a page names, with the options it is given. */
  private static Map<String, Set<String>> named() throws IOException {
    List<Path> pages = new ArrayList<>(DocsTest.pages());
    pages.addAll(DocsTest.runbooks());
    // What is past may be gone.
    pages.remove(ROOT.resolve("CHANGELOG.md"));
    Map<String, Set<String>> named = new TreeMap<>();
    for (Path page : pages) {
      boolean fenced = false;
      boolean shell = false;
      for (String line : Files.readAllLines(page)) {
        if (line.strip().startsWith("```")) {
          fenced = !fenced;
          shell = fenced && line.strip().equals("```sh");
        } else if (shell || (!fenced && line.startsWith("    "))) {
          for (String command : BETWEEN_COMMANDS.split(COMMENT.matcher(line).replaceAll(""), -1)) {
            Matcher script = SCRIPT.matcher(command);
            if (script.find()) {
              add(named, script);
            }
          }
        } else if (!fenced) {
          Matcher spans = SPAN.matcher(line);
          while (spans.find()) {
            Matcher script = SCRIPT.matcher(spans.group(1));
            if (script.lookingAt() && !isData(script)) {
              add(named, script);
            }
          }
        }
      }
    }
    return named;
  }

  private static void add(Map<String, Set<String>> named, Matcher script) {
    Set<String> options = named.computeIfAbsent(script.group(1), name -> new TreeSet<>());
    Matcher given = OPTION.matcher(REST.matcher(script.group(2)).replaceAll(""));
    while (given.find()) {
      options.add(given.group());
    }
  }

  /** Returns whether the text speaks of a folder, or of a file that is only read. */
  private static boolean isData(Matcher script) throws IOException {
    Path file = ROOT.resolve(script.group(1));
    return script.group(2).isBlank()
        && Files.exists(file)
        && (Files.isDirectory(file) || !Files.readString(file).startsWith("#!"));
  }

  private static String said(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(String.join(" ", command) + " does not end");
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }
}

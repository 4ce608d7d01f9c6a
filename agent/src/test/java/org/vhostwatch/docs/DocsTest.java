package org.vhostwatch.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.report.ExitCode;

/** Links lead somewhere, and the page on verdicts knows all of them. */
class DocsTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path VERDICTS = ROOT.resolve("docs/verdicts.md");

  /** The target of an inline link or image. */
  private static final Pattern LINK = Pattern.compile("]\\(([^()\\s]+)\\)");

  private static final Pattern ELSEWHERE = Pattern.compile("[a-z]+:.*");
  private static final Pattern HEADING = Pattern.compile("#{1,6} (.+)");
  private static final Pattern VERDICT_ROW = Pattern.compile("\\| ([A-Z]+) \\| (\\d+) \\|.*");

  static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    for (String name :
        List.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "lab/README.md", "bpf-scripts")) {
      Path path = ROOT.resolve(name);
      pages.add(name.endsWith(".md") ? path : path.resolve("README.md"));
    }
    try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  /** Those that docs/monitoring.md leads to. */
  static List<Path> runbooks() throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve("docs/runbooks"))) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource({"pages", "runbooks"})
  void eachRelativeLinkLeadsToAFileOfTheProjectAndAHeadingInIt(Path page) throws IOException {
    List<String> dead = new ArrayList<>();
    Matcher links = LINK.matcher(prose(page));
    while (links.find()) {
      String target = links.group(1);
      if (!ELSEWHERE.matcher(target).matches() && !leadsSomewhere(page, target)) {
        dead.add(target);
      }
    }
    assertThat(dead).as("dead links in %s", ROOT.relativize(page)).isEmpty();
  }

  @Test
  void theReadmeLeadsToEveryPage() throws IOException {
    String readme = prose(ROOT.resolve("README.md"));
    for (Path page : pages()) {
      String name = ROOT.relativize(page).toString();
      if (!name.equals("README.md")) {
        assertThat(readme).contains("](" + name + ")");
      }
    }
  }

  @Test
  void thePageOfVerdictsHasEachWithItsExitCodeAndASection() throws IOException {
    Map<String, Integer> documented = new TreeMap<>();
    for (String line : Files.readAllLines(VERDICTS)) {
      Matcher row = VERDICT_ROW.matcher(line);
      if (row.matches()) {
        documented.put(row.group(1), Integer.valueOf(row.group(2)));
      }
    }
    Map<String, Integer> real = new TreeMap<>();
    for (Verdict verdict : Verdict.values()) {
      real.put(verdict.name(), ExitCode.of(verdict));
    }
    assertThat(documented).isEqualTo(real);
    assertThat(headings(VERDICTS))
        .containsAll(real.keySet().stream().map(name -> name.toLowerCase(Locale.ROOT)).toList());
  }

  @Test
  void thePageOfVerdictsNamesEachConfidence() throws IOException {
    String text = Files.readString(VERDICTS).toLowerCase(Locale.ROOT);
    for (Confidence confidence : Confidence.values()) {
      assertThat(text).contains("*" + confidence.name().toLowerCase(Locale.ROOT) + "*");
    }
  }

  private static boolean leadsSomewhere(Path page, String target) throws IOException {
    int hash = target.indexOf('#');
    String name = hash < 0 ? target : target.substring(0, hash);
    Path file = name.isEmpty() ? page : page.resolveSibling(name).normalize();
    if (!file.startsWith(ROOT) || !Files.exists(file)) {
      return false;
    }
    return hash < 0 || headings(file).contains(target.substring(hash + 1));
  }

  /** Returns a page's headings as links name them. */
  private static List<String> headings(Path page) throws IOException {
    List<String> names = new ArrayList<>();
    for (String line : prose(page).lines().toList()) {
      Matcher heading = HEADING.matcher(line);
      if (heading.matches()) {
        names.add(
            heading
                .group(1)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-'));
      }
    }
    return names;
  }

  /** Returns a page without its code blocks: what looks like a link or a heading there is none. */
  private static String prose(Path page) throws IOException {
    StringBuilder text = new StringBuilder();
    boolean code = false;
    for (String line : Files.readAllLines(page)) {
      if (line.strip().startsWith("```")) {
        code = !code;
      } else if (!code) {
        text.append(line).append('\n');
      }
    }
    return text.toString();
  }
}

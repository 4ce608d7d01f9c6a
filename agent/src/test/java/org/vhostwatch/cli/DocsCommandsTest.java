package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Keeps docs/commands.md and the command line together, in both directions; nothing is run. */
class DocsCommandsTest {

  private static final Path ROOT = Path.of("..");
  private static final Path PAGE = ROOT.resolve("docs/commands.md");

  /** A row of a table of options: names, default, meaning. */
  private static final Pattern OPTION = Pattern.compile("\\| (`[^|]+`) \\| (?:`([^`]*)`)? ?\\|.+");

  private static final Pattern EXIT_CODE = Pattern.compile("\\| (\\d+) \\| (.+) \\|");
  private static final Pattern README_ROW =
      Pattern.compile("\\| `vhostwatch ([a-z]+)` \\|.*\\| ([0-9, ]+) \\|");

  /** A command in a code block, up to what belongs to the shell. */
  private static final Pattern EXAMPLE =
      Pattern.compile("(?:^|[;&|] *|\\$ )(?:sudo )?vhostwatch( [^;&|<>#]*)?");

  private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");
  private static final Pattern MENTION = Pattern.compile("`vhostwatch ([a-z]+)\\b");

  static Set<String> commands() {
    return Vhostwatch.commandLine().getSubcommands().keySet();
  }

  @Test
  void thePageHasASectionForEachCommandAndNoOther() throws IOException {
    Set<String> sections = new TreeSet<>(sections().keySet());
    assertThat(sections).containsAll(Set.of("Options of all commands", "Exit codes"));
    sections.removeAll(Set.of("Options of all commands", "Exit codes"));
    assertThat(sections).isEqualTo(new TreeSet<>(commands()));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void eachOptionIsInItsSectionAndEachRowIsAnOption(String command) throws IOException {
    Map<String, String> real = new TreeMap<>();
    CommandSpec spec = spec(command);
    for (OptionSpec option : spec.options()) {
      if (!option.inherited()) {
        real.put(String.join(", ", option.names()) + Synopsis.value(option), defaultOf(option));
      }
    }
    spec.positionalParameters()
        .forEach(parameter -> real.put(parameter.paramLabel(), defaultOf(parameter)));
    assertThat(optionRows(command)).isEqualTo(real);
  }

  @Test
  void theOptionsOfAllCommandsAreThoseOfTheProgram() throws IOException {
    Map<String, String> real = new TreeMap<>();
    for (OptionSpec option : Vhostwatch.commandLine().getCommandSpec().options()) {
      real.put(String.join(", ", option.names()), defaultOf(option));
    }
    assertThat(optionRows("Options of all commands")).isEqualTo(real);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void theExitCodesAreThoseOfTheHelp(String command) throws IOException {
    assertThat(exitCodeRows(command)).isEqualTo(spec(command).usageMessage().exitCodeList());
  }

  @Test
  void theExitCodesOfTheProgramAreThoseOfItsHelp() throws IOException {
    assertThat(exitCodeRows("Exit codes"))
        .isEqualTo(Vhostwatch.commandLine().getCommandSpec().usageMessage().exitCodeList());
  }

  @Test
  void theReadmeHasEachCommandWithItsExitCodes() throws IOException {
    Map<String, List<String>> documented = new TreeMap<>();
    for (String line : Files.readAllLines(ROOT.resolve("README.md"))) {
      Matcher row = README_ROW.matcher(line);
      if (row.matches()) {
        documented.put(row.group(1), List.of(row.group(2).split(", ", -1)));
      }
    }
    Map<String, List<String>> real = new TreeMap<>();
    for (String command : commands()) {
      real.put(command, List.copyOf(spec(command).usageMessage().exitCodeList().keySet()));
    }
    assertThat(documented).isEqualTo(real);
  }

  static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    pages.add(ROOT.resolve("README.md"));
    pages.add(ROOT.resolve("CONTRIBUTING.md"));
    pages.add(ROOT.resolve("bpf-scripts/README.md"));
    pages.add(ROOT.resolve("lab/README.md"));
    try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  @ParameterizedTest
  @MethodSource("pages")
  void eachCommandInACodeBlockParses(Path page) throws IOException {
    for (String example : examples(page)) {
      assertThatCode(() -> parse(example))
          .as(page + ": vhostwatch" + example)
          .doesNotThrowAnyException();
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void eachCommandNamedInTheTextExists(Path page) throws IOException {
    Matcher mentions = MENTION.matcher(Files.readString(page));
    Set<String> named = new TreeSet<>();
    while (mentions.find()) {
      named.add(mentions.group(1));
    }
    // The status of a running daemon is written in its JSON; the command comes later.
    named.remove("status");
    assertThat(commands()).as("commands in %s", page).containsAll(named);
  }

  @Test
  void thePageHasAnExampleOfEachCommand() throws IOException {
    Set<String> shown = new TreeSet<>();
    for (String example : examples(PAGE)) {
      shown.add(words(example).get(0));
    }
    assertThat(shown).isEqualTo(new TreeSet<>(commands()));
  }

  private static void parse(String example) {
    CommandLine.ParseResult parsed =
        Vhostwatch.commandLine().parseArgs(words(example).toArray(new String[0]));
    assertThat(parsed.hasSubcommand() || parsed.isVersionHelpRequested()).isTrue();
  }

  private static List<String> examples(Path page) throws IOException {
    List<String> examples = new ArrayList<>();
    boolean shell = false;
    boolean code = false;
    for (String line : Files.readAllLines(page)) {
      if (line.startsWith("```")) {
        code = !code;
        shell = code && line.equals("```sh");
      } else if (shell) {
        Matcher example = EXAMPLE.matcher(line.strip());
        while (example.find()) {
          examples.add(example.group(1) == null ? "" : example.group(1));
        }
      }
    }
    return examples;
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      words.add(
          Stream.of(1, 2, 3).map(matcher::group).filter(word -> word != null).findFirst().get());
    }
    return words;
  }

  private static CommandSpec spec(String command) {
    CommandLine subcommand = Vhostwatch.commandLine().getSubcommands().get(command);
    return Objects.requireNonNull(subcommand, command).getCommandSpec();
  }

  private static String defaultOf(ArgSpec argument) {
    return argument.defaultValue() == null ? "" : argument.defaultValue();
  }

  /** Returns the rows of a section's tables of options, their names as in the model. */
  private static Map<String, String> optionRows(String section) throws IOException {
    Map<String, String> rows = new TreeMap<>();
    boolean table = false;
    for (String line : section(section)) {
      table = line.startsWith("|") && (table || line.startsWith("| option |"));
      Matcher row = OPTION.matcher(line);
      if (table && row.matches()) {
        rows.put(row.group(1).replace("`", ""), row.group(2) == null ? "" : row.group(2));
      }
    }
    return rows;
  }

  private static Map<String, String> exitCodeRows(String section) throws IOException {
    Map<String, String> rows = new LinkedHashMap<>();
    boolean table = false;
    for (String line : section(section)) {
      table = line.startsWith("|") && (table || line.startsWith("| code |"));
      Matcher row = EXIT_CODE.matcher(line);
      if (table && row.matches()) {
        rows.put(row.group(1), row.group(2));
      }
    }
    return rows;
  }

  private static List<String> section(String name) throws IOException {
    return sections().getOrDefault(name, List.of());
  }

  /** Returns the lines of each section of the page. */
  private static Map<String, List<String>> sections() throws IOException {
    Map<String, List<String>> sections = new LinkedHashMap<>();
    List<String> section = new ArrayList<>();
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("## ")) {
        section = new ArrayList<>();
        sections.put(line.substring(3), section);
      }
      section.add(line);
    }
    return sections;
  }
}

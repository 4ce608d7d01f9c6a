package org.vhostwatch.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.BadValue;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Key;
import org.vhostwatch.config.Keys;
import org.vhostwatch.config.Origin;
import org.vhostwatch.config.Problem;
import org.vhostwatch.config.Setting;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Plural;
import org.vhostwatch.state.StateDirectory;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * The options of a command that are keys of the configuration, made from their description, and
 * what is in force of them.
 */
@Command // else picocli does not take it for a mixin
final class Configured {

  /**
   * Long enough for bpftrace on a host whose CPUs spin, or under emulation, where the probes on a
   * livelocked worker take half a minute to attach. A start on a healthy host takes 1 to 2 s.
   */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String FILE_OPTION = "--config";

  private static final int SHOWN = 100;

  private final List<Key<?>> keys;
  private final boolean dispensable;
  private @Nullable CommandSpec command;
  private @Nullable Configuration loaded;

  private Configured(List<Key<?>> keys, boolean dispensable) {
    this.keys = keys;
    this.dispensable = dispensable;
  }

  /** For commands that have all keys as options, and may be given another file. */
  static Configured withAllKeys() {
    return new Configured(Keys.ALL, false);
  }

  /** For commands that would look elsewhere, or change something there, by a default. */
  static Configured with(Key<?>... keys) {
    return new Configured(List.of(keys), false);
  }

  /** For commands that do their work by the defaults as well, if the file is refused. */
  static Configured ifKnown(Key<?>... keys) {
    return new Configured(List.of(keys), true);
  }

  /** Adds the options; picocli calls it when it makes the command. */
  @Spec(Spec.Target.MIXEE)
  void command(CommandSpec spec) {
    command = spec;
    if (whole()) {
      spec.addOption(
          OptionSpec.builder(FILE_OPTION)
              .type(Path.class)
              .paramLabel("FILE")
              .defaultValue(Configuration.DEFAULT_FILE.toString())
              .description(
                  "The configuration file (default: ${DEFAULT-VALUE}, which may be absent).")
              .build());
    }
    keys.forEach(key -> spec.addOption(option(key)));
  }

  /** What was given is looked at here, and kept as it was written: the file is read later. */
  private static OptionSpec option(Key<?> key) {
    ITypeConverter<String> check =
        text -> {
          try {
            key.kind().read(text);
            return text;
          } catch (BadValue e) {
            throw new TypeConversionException(e.why() + "; right is " + key.kind().right());
          }
        };
    OptionSpec.Builder option =
        OptionSpec.builder(key.option())
            .type(String.class)
            .paramLabel(key.kind().label())
            .defaultValue(key.fallback())
            .converters(check)
            .description(key.help());
    if (!key.kind().words().isEmpty()) {
      option.completionCandidates(key.kind().words());
    }
    return (key.flag() ? option.arity("0..1").fallbackValue("yes") : option).build();
  }

  /**
   * Returns what is in force.
   *
   * @throws Failure if it is refused. A command that needs some keys only goes on, with a warning,
   *     if the problems are of others: who looks for a livelock is not to be kept from it
   */
  Configuration configuration() throws Failure {
    if (loaded == null) {
      loaded = accepted(find());
    }
    return loaded;
  }

  /** Returns what is found now, right or wrong. */
  Configuration.Found find() {
    ParseResult given = spec().commandLine().getParseResult();
    Path file = given.matchedOptionValue(FILE_OPTION, Configuration.DEFAULT_FILE);
    return Configuration.find(
        commandLine(given), System.getenv(), file, !given.hasMatchedOption(FILE_OPTION));
  }

  private Map<Key<?>, String> commandLine(ParseResult given) {
    Map<Key<?>, String> texts = new HashMap<>();
    for (Key<?> key : keys) {
      if (given.hasMatchedOption(key.option())) {
        texts.put(key, given.matchedOptionValue(key.option(), ""));
      }
    }
    return texts;
  }

  Configuration accepted(Configuration.Found found) throws Failure {
    List<Problem> problems =
        found.problems().stream().filter(problem -> !asksAnother(problem, found)).toList();
    if (whole() ? !problems.isEmpty() : concernsUs(problems)) {
      throw refused(problems);
    }
    requireKnown(problems, found);
    if (!problems.isEmpty()) {
      err()
          .println(
              "vhostwatch: the configuration has "
                  + Plural.of(problems.size(), "problem")
                  + "; `vhostwatch check` says which");
    }
    return found.configuration();
  }

  /** Of a file that cannot be read, or a line of it, nobody knows which keys it sets. */
  private void requireKnown(List<Problem> problems, Configuration.Found found) throws Failure {
    List<Problem> unread =
        problems.stream()
            .filter(problem -> problem.origin().source() == Origin.Source.FILE)
            .filter(problem -> problem.key().isEmpty())
            .toList();
    List<Key<?>> unknown =
        keys.stream().filter(key -> isDefault(found.configuration().setting(key))).toList();
    if (unread.isEmpty() || unknown.isEmpty()) {
      return;
    }
    String what =
        unknown.stream().map(Key::name).collect(Collectors.joining(", "))
            + " of "
            + found.file()
            + (unknown.size() == 1 ? " is" : " are")
            + " not known; ";
    if (dispensable) {
      err().println("vhostwatch: " + what + "the defaults are used");
      return;
    }
    lines(unread).forEach(line -> err().println("vhostwatch: " + line));
    throw new Failure(
        ExitCode.CONFIGURATION,
        what
            + "mend the file, or give "
            + unknown.stream().map(Key::option).collect(Collectors.joining(", ")));
  }

  private static boolean isDefault(Setting<?> setting) {
    return setting.origin().source() == Origin.Source.DEFAULT;
  }

  /** Who asks the daemon of another host has its certificate, and must not have its key. */
  private boolean asksAnother(Problem problem, Configuration.Found found) {
    return problem.key().equals(Keys.TLS_CERTIFICATE.name())
        && keys.contains(Keys.TLS_CERTIFICATE)
        && !keys.contains(Keys.TLS_KEY)
        && found.configuration().get(Keys.TLS_CERTIFICATE).isPresent();
  }

  private boolean concernsUs(List<Problem> problems) {
    return problems.stream()
        .anyMatch(problem -> keys.stream().anyMatch(key -> key.name().equals(problem.key())));
  }

  /** Says all problems; of the command line alone they are wrong usage. */
  Failure refused(List<Problem> problems) {
    boolean usage =
        problems.stream()
            .allMatch(problem -> problem.origin().source() == Origin.Source.COMMAND_LINE);
    if (usage) {
      throw new ParameterException(spec().commandLine(), problems.get(0).text());
    }
    lines(problems).forEach(line -> err().println("vhostwatch: " + line));
    return new Failure(
        ExitCode.CONFIGURATION,
        "the configuration is refused; vhostwatch.conf(5) has every key and its values");
  }

  /** Returns one line a problem; a file of nothing else does not fill the log. */
  static List<String> lines(List<Problem> problems) {
    int more = problems.size() - SHOWN;
    return Stream.concat(
            problems.stream().limit(SHOWN).map(Problem::text),
            more > 0 ? Stream.of("and " + Plural.of(more, "more problem")) : Stream.empty())
        .toList();
  }

  /** Returns where the state is kept. */
  StateDirectory state() throws Failure {
    return state(configuration());
  }

  /**
   * Returns where the state is kept, for a command that only reads there: a folder that was named
   * and is not there is a mistake, not one without incidents.
   */
  StateDirectory namedState() throws Failure {
    Setting<Path> folder = configuration().setting(Keys.STATE_DIR);
    if (!isDefault(folder) && Files.notExists(folder.value())) {
      throw new Failure(
          ExitCode.UNKNOWN,
          "state-dir " + folder.value() + " does not exist: nothing was kept there");
    }
    return state();
  }

  static StateDirectory state(Configuration configuration) {
    return new StateDirectory(configuration.get(Keys.STATE_DIR));
  }

  /** Returns where bpftrace and its scripts are. */
  ProbeKit.Options kit() throws Failure {
    return kit(configuration());
  }

  static ProbeKit.Options kit(Configuration configuration) {
    String home = System.getProperty("vhostwatch.home", ".");
    return new ProbeKit.Options(
        configuration.get(Keys.SCRIPTS).orElse(Path.of(home, "bpf-scripts")),
        configuration.get(Keys.BPFTRACE),
        PATIENCE);
  }

  private boolean whole() {
    return keys.size() == Keys.ALL.size();
  }

  private PrintWriter err() {
    return spec().commandLine().getErr();
  }

  private CommandSpec spec() {
    if (command == null) {
      throw new IllegalStateException("not part of a command yet");
    }
    return command;
  }
}

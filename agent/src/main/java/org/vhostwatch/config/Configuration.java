package org.vhostwatch.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.vhostwatch.report.Printable;

/** What is in force of every key, and where it comes from. Immutable. */
public final class Configuration {

  /** Where it is unless the operator names another. */
  public static final Path DEFAULT_FILE = Path.of("/etc/vhostwatch/vhostwatch.conf");

  private final List<Setting<?>> settings;

  private Configuration(List<Setting<?>> settings) {
    this.settings = List.copyOf(settings);
  }

  /**
   * What was found.
   *
   * @param configuration with the sound values; what is refused is left out of it
   * @param file where the file is
   * @param read whether it is there and was read
   * @param problems why it is refused; empty if it is not
   */
  public record Found(
      Configuration configuration, Path file, boolean read, List<Problem> problems) {

    /** Returns the same with one problem more. */
    public Found with(Problem problem) {
      List<Problem> all = new ArrayList<>(problems);
      all.add(problem);
      return new Found(configuration, file, read, List.copyOf(all));
    }
  }

  /**
   * Finds out what is in force. Of one key the command line counts before the environment, that
   * before the file, and that before the default.
   *
   * @param commandLine what was said there, as it was written
   * @param environment of this process; a variable that is empty says nothing
   * @param file to read
   * @param optional whether it may be absent
   */
  public static Found find(
      Map<Key<?>, String> commandLine,
      Map<String, String> environment,
      Path file,
      boolean optional) {
    ConfigFile content = ConfigFile.read(file, optional);
    List<Problem> problems = new ArrayList<>(content.problems());
    List<Setting<?>> settings = new ArrayList<>();
    for (Key<?> key : Keys.ALL) {
      settings.add(setting(key, commandLine, environment, content, problems));
    }
    problems.addAll(misspelt(environment));
    Configuration configuration = new Configuration(settings);
    problems.addAll(Contradictions.in(configuration, problems));
    problems.sort(
        Comparator.comparing((Problem problem) -> problem.origin().source())
            .thenComparing(problem -> problem.origin().line()));
    return new Found(configuration, file, content.present(), List.copyOf(problems));
  }

  /** All that is said is looked at: what another source outdoes must be right as well. */
  private static <T> Setting<T> setting(
      Key<T> key,
      Map<Key<?>, String> commandLine,
      Map<String, String> environment,
      ConfigFile file,
      List<Problem> problems) {
    Setting<T> setting = Setting.fallback(key);
    ConfigFile.Line line = file.lines().get(key);
    if (line != null) {
      setting = outdone(setting, line.value(), line.origin(), problems);
    }
    String variable = environment.getOrDefault(key.variable(), "");
    if (!variable.isEmpty()) {
      setting = outdone(setting, variable, Origin.environment(key.variable()), problems);
    }
    String option = commandLine.get(key);
    if (option != null) {
      setting = outdone(setting, option, Origin.commandLine(key.option()), problems);
    }
    return setting;
  }

  private static <T> Setting<T> outdone(
      Setting<T> before, String text, Origin origin, List<Problem> problems) {
    try {
      return Setting.of(before.key(), text, origin);
    } catch (BadValue e) {
      Key<T> key = before.key();
      problems.add(new Problem(origin, key.name(), e.why(), "right is " + key.kind().right()));
      return before;
    }
  }

  /** Variables with other names may be meant for others; those that nearly are ours are not. */
  private static List<Problem> misspelt(Map<String, String> environment) {
    List<String> ours = Keys.ALL.stream().map(Key::variable).toList();
    List<Problem> problems = new ArrayList<>();
    for (String name : new TreeSet<>(environment.keySet())) {
      if (name.startsWith(Key.PREFIX) && !ours.contains(name)) {
        Nearest.to(name, ours)
            .ifPresent(
                near ->
                    problems.add(
                        new Problem(
                            Origin.environment(Printable.of(name)),
                            "",
                            "no such variable",
                            "right may be " + near)));
      }
    }
    return problems;
  }

  /** Returns what is in force of every key, in the keys' order. */
  public List<Setting<?>> settings() {
    return settings;
  }

  /** Returns what is in force of a key. */
  public <T> T get(Key<T> key) {
    return setting(key).value();
  }

  /** Returns what is in force of a key, and where it comes from. */
  @SuppressWarnings("unchecked") // a setting is made with the type of its key
  public <T> Setting<T> setting(Key<T> key) {
    return (Setting<T>)
        settings.stream()
            .filter(setting -> setting.key().equals(key))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no key " + key));
  }

  /**
   * What becomes of a configuration when it is read again.
   *
   * @param next what is in force from now on
   * @param changed what is, and was not before
   * @param kept what would be if it could change while the daemon runs
   */
  public record Reload(Configuration next, List<Change> changed, List<Change> kept) {}

  /** A setting that differs. */
  public record Change(Setting<?> before, Setting<?> after) {}

  /** Takes over of another configuration what can change while the daemon runs. */
  public Reload reload(Configuration other) {
    boolean moves = !other.setting(Keys.LISTEN).means(setting(Keys.LISTEN));
    List<Setting<?>> next = new ArrayList<>();
    List<Change> changed = new ArrayList<>();
    List<Change> kept = new ArrayList<>();
    for (Setting<?> before : settings) {
      Setting<?> after = other.setting(before.key());
      boolean same = after.means(before);
      boolean taken = taken(after, moves);
      next.add(same || taken ? after : before);
      if (!same) {
        (taken ? changed : kept).add(new Change(before, after));
      }
    }
    return new Reload(new Configuration(next), List.copyOf(changed), List.copyOf(kept));
  }

  /**
   * Returns whether a reload puts a setting in force. Who goes elsewhere and needs no password
   * there is not there yet: where the daemon still listens it asks for one.
   *
   * @param moves whether {@code listen} is another one now, which takes a restart
   */
  static boolean taken(Setting<?> setting, boolean moves) {
    boolean opens =
        setting.key().equals(Keys.AUTH_FILE) && Optional.empty().equals(setting.value());
    return setting.key().reloadable() && !(moves && opens);
  }
}

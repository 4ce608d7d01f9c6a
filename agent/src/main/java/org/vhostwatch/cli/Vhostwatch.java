package org.vhostwatch.cli;

import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Printable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The top-level command: holds the others and what they share. */
@Command(
    name = "vhostwatch",
    versionProvider = Version.class,
    sortOptions = false,
    header = "Finds vhost_net workers that spin for ever (CVE-2026-74356).",
    description = "",
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes (diagnose, replay, drill):%n",
    exitCodeList = {
      "0:nothing wrong",
      "1:warning: spinning, stalled, or a worker is busy without a known cause",
      "2:livelocked",
      "3:unknown: not enough could be seen",
      "64:wrong usage",
      "78:wrong configuration"
    })
final class Vhostwatch implements Runnable {

  /** What is wrong and what to do, with names from outside in it. */
  static final int MAX_MESSAGE = 1024;

  // In the order of the help.
  private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("run", RunCommand.class);
    COMMANDS.put("diagnose", DiagnoseCommand.class);
    COMMANDS.put("threads", ThreadsCommand.class);
    COMMANDS.put("exposure", ExposureCommand.class);
    COMMANDS.put("check", CheckCommand.class);
    COMMANDS.put("mitigate", MitigateCommand.class);
    COMMANDS.put("drill", DrillCommand.class);
    COMMANDS.put("replay", ReplayCommand.class);
    COMMANDS.put("incidents", IncidentsCommand.class);
    COMMANDS.put("bundle", BundleCommand.class);
    COMMANDS.put("status", StatusCommand.class);
    COMMANDS.put("password", PasswordCommand.class);
  }

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help and exit.")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version and exit.")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean version;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Show where an error came from, on stderr.")
  private boolean verbose;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  /** Returns the arguments; {@code help COMMAND}, as many write it, is {@code COMMAND --help}. */
  static String[] plain(String[] args) {
    boolean help = args.length > 0 && args.length <= 2 && args[0].equals("help");
    return !help
        ? args
        : args.length == 1 ? new String[] {"--help"} : new String[] {args[1], "--help"};
  }

  /** Returns the command line with all commands, ready to execute. */
  static CommandLine commandLine() {
    return commandLine(COMMANDS);
  }

  /**
   * Returns the command line for these arguments: if they begin with a command, with this one
   * alone, since making the others takes longer than most of them run.
   */
  static CommandLine commandLine(String[] args) {
    Class<?> asked = args.length == 0 ? null : COMMANDS.get(args[0]);
    return commandLine(asked == null ? COMMANDS : Map.of(args[0], asked));
  }

  private static CommandLine commandLine(Map<String, Class<?>> commands) {
    Vhostwatch program = new Vhostwatch();
    CommandLine commandLine = new CommandLine(program);
    commands.forEach(commandLine::addSubcommand);
    return commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setAbbreviatedOptionsAllowed(false)
        .setExecutionStrategy(Vhostwatch::execute)
        .setParameterExceptionHandler(Vhostwatch::usage)
        .setExecutionExceptionHandler(program::failed);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /**
   * Whoever asks for the help of what is no command has mistyped it: the help of all hides that.
   */
  private static int execute(CommandLine.ParseResult parsed) {
    if (!parsed.unmatched().isEmpty()) {
      throw new CommandLine.UnmatchedArgumentException(
          parsed.commandSpec().commandLine(), parsed.unmatched());
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private static int usage(ParameterException e, String[] args) {
    PrintWriter err = e.getCommandLine().getErr();
    err.println("vhostwatch: " + Printable.of(String.valueOf(e.getMessage()), MAX_MESSAGE));
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println(
        "Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help' for more.");
    return ExitCode.USAGE;
  }

  private int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    // The message of what the system throws may be the path alone.
    boolean bare = e.getMessage() == null || e instanceof FileSystemException;
    String message = bare ? e.toString() : String.valueOf(e.getMessage());
    err.println("vhostwatch: " + Printable.of(message, MAX_MESSAGE));
    if (verbose) {
      e.printStackTrace(err);
    }
    return e instanceof Failure failure ? failure.exitCode() : ExitCode.UNKNOWN;
  }
}

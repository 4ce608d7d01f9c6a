package org.vhostwatch.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.http.PasswordHash;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Style;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhostwatch password}: a line for the file of users. */
@Command(
    name = "password",
    sortOptions = false,
    header = "Prints a line for the file that `auth-file` names, with a password's hash.",
    description = {
      "Asks for the password twice on a terminal; else reads it from the first line of standard"
          + " input. It cannot be read back from what is printed.",
      ""
    },
    parameterListHeading = "Parameters:%n",
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:printed",
      "3:no password could be read, or the two differ",
      "64:wrong usage",
    })
final class PasswordCommand implements Callable<Integer> {

  private static final int MIN_CHARS = 8;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Parameters(paramLabel = "USER", description = "Who it is for; no colon in it.")
  private String user = "";

  @Override
  public Integer call() throws Failure {
    if (user.isBlank() || !user.strip().equals(user) || !user.matches("[^:#\\p{Cntrl}]{1,128}")) {
      throw new ParameterException(
          spec.commandLine(), "a user has a name without colons, # and control characters");
    }
    char[] password = password();
    if (password.length < MIN_CHARS) {
      throw new Failure(
          ExitCode.UNKNOWN, "the password is too short: right is " + MIN_CHARS + " characters");
    }
    spec.commandLine().getOut().println(user + ":" + PasswordHash.of(password));
    spec.commandLine().getOut().flush();
    Arrays.fill(password, ' ');
    return ExitCode.OK;
  }

  @SuppressWarnings("SystemConsoleNull") // whether it is a terminal is asked before
  private static char[] password() throws Failure {
    if (!Style.stdinIsTerminal()) {
      return firstLine();
    }
    @Nullable Console console = Style.stdoutIsTerminal() ? System.console() : null;
    if (console == null) {
      throw new Failure(
          ExitCode.UNKNOWN,
          "a password is asked for only where what is printed goes to the terminal as well: copy"
              + " the line from there, or give the password on standard input");
    }
    char[] password = read(console, "Password: ");
    if (!Arrays.equals(password, read(console, "Again: "))) {
      throw new Failure(ExitCode.UNKNOWN, "the two differ");
    }
    return password;
  }

  private static char[] read(Console console, String prompt) throws Failure {
    char @Nullable [] read = console.readPassword("%s", prompt);
    if (read == null) {
      throw new Failure(ExitCode.UNKNOWN, "no password was given");
    }
    return read;
  }

  private static char[] firstLine() throws Failure {
    try {
      // Not closed: standard input is not ours.
      String line =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
      return line == null ? new char[0] : line.toCharArray();
    } catch (IOException e) {
      throw new Failure(ExitCode.UNKNOWN, "no password could be read: " + e.getMessage());
    }
  }
}

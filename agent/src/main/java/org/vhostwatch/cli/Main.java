package org.vhostwatch.cli;

import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.vhostwatch.report.ExitCode;

/** The program. */
public final class Main {

  private Main() {}

  /** Runs a command and ends with its exit code. */
  public static void main(String[] args) {
    // What is not UTF-8 here comes from the C locale that services run in; names of VMs are UTF-8.
    Stdout stdout = new Stdout();
    System.setOut(new PrintStream(new BufferedOutputStream(stdout), true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(System.err, true, StandardCharsets.UTF_8));
    String[] plain = Vhostwatch.plain(args);
    PrintWriter err = utf8(System.err);
    boolean verbose = List.of(plain).contains("-v") || List.of(plain).contains("--verbose");
    int exitCode =
        exitCode(
            () -> Vhostwatch.commandLine(plain).setOut(utf8(System.out)).setErr(err).execute(plain),
            err,
            verbose);
    System.out.flush();
    Optional<String> trouble = stdout.trouble();
    trouble.ifPresent(why -> System.err.println("vhostwatch: standard output: " + why));
    System.exit(trouble.isPresent() ? ExitCode.UNKNOWN : exitCode);
  }

  /** By itself the command line takes the locale's character set, before it comes to a stream. */
  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(stream, true, StandardCharsets.UTF_8);
  }

  /**
   * Returns how a command ends. An error, as of a class that an upgrade of the package has taken
   * away, would be 1 by itself, which is a warning.
   */
  static int exitCode(IntSupplier command, PrintWriter err, boolean verbose) {
    try {
      return command.getAsInt();
    } catch (Throwable e) {
      // Without a class of ours, which may be gone as well.
      err.println("vhostwatch: " + e);
      if (verbose) {
        e.printStackTrace(err);
      }
      return ExitCode.UNKNOWN;
    }
  }
}

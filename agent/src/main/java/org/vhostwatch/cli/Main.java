package org.vhostwatch.cli;

import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
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
    int exitCode =
        Vhostwatch.commandLine(plain)
            .setOut(utf8(System.out))
            .setErr(utf8(System.err))
            .execute(plain);
    System.out.flush();
    Optional<String> trouble = stdout.trouble();
    trouble.ifPresent(why -> System.err.println("vhostwatch: standard output: " + why));
    System.exit(trouble.isPresent() ? ExitCode.UNKNOWN : exitCode);
  }

  /** By itself the command line takes the locale's character set, before it comes to a stream. */
  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(stream, true, StandardCharsets.UTF_8);
  }
}

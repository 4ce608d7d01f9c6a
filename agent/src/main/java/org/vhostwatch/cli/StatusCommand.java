package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Keys;
import org.vhostwatch.http.StatusServer;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vhostwatch status}: what the running daemon sees. */
@Command(
    name = "status",
    sortOptions = false,
    header = "Says what the running daemon sees, or is a plugin of Nagios or Icinga.",
    description = {
      "Asks the daemon over HTTP where the configuration says that it listens. Needs no root.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing wrong",
      "1:warning: spinning or stalled, a worker is busy without a known cause, or the daemon"
          + " sees less than it should",
      "2:livelocked",
      "3:unknown: the daemon sees too little, or does not answer",
      "64:wrong usage",
      "78:wrong configuration"
    })
final class StatusCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Option(
      names = "--plugin",
      description =
          "Print one line with performance data, as Nagios and Icinga read it; not with --format"
              + " json.")
  private boolean plugin;

  @Option(
      names = "--user",
      paramLabel = "USER",
      defaultValue = "",
      description = "Who asks, where the daemon wants to know that (auth-file).")
  private String user = "";

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the password of that user, in its first line.")
  private @Nullable Path passwordFile;

  @Mixin private final FormatOption format = new FormatOption();

  // A plugin's user may not be one who may read the file; and a daemon that answers there is the
  // one.
  @Mixin
  private final Configured configured = Configured.ifKnown(Keys.LISTEN, Keys.TLS_CERTIFICATE);

  @Override
  public Integer call() throws Failure {
    if (plugin && format.json()) {
      throw new ParameterException(
          spec.commandLine(),
          "--plugin prints a line, which has no --format json: give one of them");
    }
    PrintWriter out = spec.commandLine().getOut();
    try {
      String json = ask(configured.configuration());
      DaemonStatus status = DaemonStatus.parse(json);
      out.print(plugin ? status.plugin() : format.json() ? json : status.text());
      out.flush();
      return status.exitCode();
    } catch (IOException | Failure e) {
      String why = String.valueOf(e.getMessage());
      if (!plugin) {
        throw e instanceof Failure failure ? failure : new Failure(ExitCode.UNKNOWN, why);
      }
      // A plugin's words are its first line of standard output, whatever they say.
      out.println(
          "VHOSTWATCH UNKNOWN - " + Printable.of(why, Vhostwatch.MAX_MESSAGE).replace('|', '/'));
      out.flush();
      return ExitCode.UNKNOWN;
    }
  }

  private String ask(Configuration configuration) throws IOException {
    Optional<Path> certificate = configuration.get(Keys.TLS_CERTIFICATE);
    InetSocketAddress listen = StatusServer.resolved(configuration.get(Keys.LISTEN));
    if (listen.isUnresolved()) {
      throw new IOException("listen " + listen.getHostString() + ": no such host");
    }
    InetAddress address =
        listen.getAddress().isAnyLocalAddress()
            ? InetAddress.getLoopbackAddress()
            : listen.getAddress();
    String host = address.getHostAddress();
    URI url =
        URI.create(
            (certificate.isPresent() ? "https" : "http")
                + "://"
                + (host.contains(":") ? "[" + host + "]" : host)
                + ":"
                + listen.getPort()
                + "/api/v1/threads");
    return DaemonClient.get(url, certificate, user, password());
  }

  private String password() throws IOException {
    if (passwordFile == null) {
      return "";
    }
    try {
      return Files.readString(passwordFile, StandardCharsets.UTF_8).lines().findFirst().orElse("");
    } catch (IOException e) {
      // The message of what the system throws is the path alone, or not even that.
      throw new IOException("--password-file " + passwordFile + ": " + DaemonClient.why(e), e);
    }
  }
}

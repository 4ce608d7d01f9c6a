package org.vhostwatch.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes vhostwatch(8) from the model of the command line, in roff. */
final class ManPage {

  private final Roff page = new Roff();

  private ManPage() {}

  static String of(CommandLine program) {
    ManPage man = new ManPage();
    man.write(program);
    return man.page.toString();
  }

  private void write(CommandLine program) {
    CommandSpec spec = program.getCommandSpec();
    page.line(".\\\" Made from the command line's model; `mvn test` holds the two together.");
    page.line(".TH VHOSTWATCH 8 \"\" vhostwatch \"System Administration\"");
    page.line(".SH NAME");
    page.line("vhostwatch \\- find vhost_net workers that spin for ever (CVE\\-2026\\-74356)");
    page.line(".SH SYNOPSIS");
    page.line(".B vhostwatch");
    page.line(".I COMMAND");
    page.line("[\\fIOPTIONS\\fR]");
    page.line(".SH DESCRIPTION");
    page.text(
        "On kernels with the bug a vhost_net worker can get stuck on one large packet: it uses a"
            + " whole CPU and the virtual machine receives nothing. vhostwatch finds such workers,"
            + " proves it with numbers, says which VM and which queue it is, and what to do.");
    page.line(".PP");
    page.text(
        "Data goes to stdout, words to stderr. Times are written as `500ms`, `5s`, `2m` or `1h`."
            + " `vhostwatch run` is the daemon that vhostwatch.service starts.");
    page.line(".SH OPTIONS");
    page.line("Of all commands:");
    spec.options().forEach(this::option);
    page.line(".SH COMMANDS");
    program.getSubcommands().forEach((name, command) -> command(name, command.getCommandSpec()));
    page.line(".SH EXIT STATUS");
    page.text("Of diagnose, replay and drill; the commands above have their own:");
    exitCodes(spec);
    page.line(".SH ENVIRONMENT");
    page.item(
        "VHOSTWATCH_KEY",
        "Each key of vhostwatch.conf(5), in capitals and with _ for -: VHOSTWATCH_MAX_CPU. The"
            + " command line counts before it, and it counts before the file.");
    page.item(
        "VHOSTWATCH_JAVA", "The Java to use, 17 or newer; else that of JAVA_HOME, else one found.");
    page.item("VHOSTWATCH_JAVA_OPTS", "Options for it.");
    page.item(
        "NOTIFY_SOCKET, WATCHDOG_USEC",
        "Set by systemd: `vhostwatch run` tells it of readiness, state and life (sd_notify(3)).");
    page.line(".SH FILES");
    page.item(
        "/etc/vhostwatch/vhostwatch.conf",
        "What the daemon goes by, and all other commands as far as it concerns them:"
            + " vhostwatch.conf(5).");
    page.item("/etc/vhostwatch/vhostwatch.env", "Which Java the service uses, and options for it.");
    page.item(
        "/var/lib/vhostwatch", "Incidents, the result of the last drill, what was mitigated.");
    page.item("/usr/share/vhostwatch/bpf-scripts", "The scripts that bpftrace runs, as root.");
    page.item(
        "/usr/share/doc/vhostwatch",
        "What verdicts, metrics and JSON fields mean, and what to do.");
    page.line(".SH SEE ALSO");
    page.line(".BR vhostwatch.conf (5),");
    page.line(".BR bpftrace (8),");
    page.line(".BR systemctl (1)");
  }

  private void command(String name, CommandSpec spec) {
    page.line(".SS vhostwatch " + Roff.escaped(name));
    page.text(String.join(" ", spec.usageMessage().header()));
    page.line(".PP");
    page.line(Roff.escaped(new Help(spec, Help.defaultColorScheme(Help.Ansi.OFF)).synopsis(0)));
    for (String paragraph : spec.usageMessage().description()) {
      if (!paragraph.isBlank()) {
        page.line(".PP");
        page.text(paragraph);
      }
    }
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      page.item(parameter.paramLabel(), description(parameter));
    }
    spec.options().stream().filter(option -> !option.inherited()).forEach(this::option);
    if (!spec.usageMessage().exitCodeList().isEmpty()) {
      page.line(".PP");
      page.line("Exit codes:");
      exitCodes(spec);
    }
  }

  private void option(OptionSpec option) {
    page.item(String.join(", ", option.names()) + Synopsis.value(option), description(option));
  }

  private static String description(ArgSpec argument) {
    String fallback = argument.defaultValue() == null ? "" : argument.defaultValue();
    List<String> candidates = new ArrayList<>();
    if (argument.completionCandidates() != null) {
      argument.completionCandidates().forEach(candidates::add);
    }
    return String.join(" ", argument.description())
        .replace("${DEFAULT-VALUE}", fallback)
        .replace("${COMPLETION-CANDIDATES}", String.join(", ", candidates));
  }

  private void exitCodes(CommandSpec spec) {
    for (Map.Entry<String, String> code : spec.usageMessage().exitCodeList().entrySet()) {
      page.item(code.getKey(), code.getValue());
    }
  }
}

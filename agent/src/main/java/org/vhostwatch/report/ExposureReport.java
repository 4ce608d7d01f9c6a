package org.vhostwatch.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.vhostwatch.exposure.Clue;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.HostExposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.QueueExposure;
import org.vhostwatch.exposure.QueueExposure.Reach;
import org.vhostwatch.exposure.TapState;
import org.vhostwatch.exposure.Uplink;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.probe.CensusQueue;

/** Whether this host is exposed: the kernel, and each queue. */
public final class ExposureReport {

  /** Name and version of the format; a field may be added within a version, none changes. */
  public static final String SCHEMA = "vhostwatch.exposure/1";

  private static final String REMEDY =
      "`vhostwatch drill` decides it by experiment: as root, in some seconds, on a tap of its own";

  /** More a person does not read; the JSON has all. */
  private static final int MAX_REASONS = 20;

  private ExposureReport() {}

  /** Returns a kernel's exposure in one line. */
  public static String sentence(KernelExposure exposure) {
    return exposure.status().label() + ": " + Printable.of(exposure.reason());
  }

  /** Returns the report as one JSON object; docs/json.md describes each field. */
  public static String json(HostExposure host) {
    return JsonText.of(
        json -> {
          json.text("schema", SCHEMA);
          ExposureJson.summary(json, host.kernel());
          json.number("exit_code", ExitCode.of(host));
          json.text("time", JsonReport.time(host.wallMillis()));
          json.name("kernel", host.release());
          json.text("remedy", host.kernel().status() == Exposure.UNKNOWN ? REMEDY : null);
          json.objects("clues", host.kernel().clues(), ExposureJson::clue);
          json.flag("census", host.census());
          json.objects("queues", host.queues(), ExposureReport::queue);
          json.texts("troubles", host.troubles());
        });
  }

  private static void queue(JsonText json, QueueExposure queue) {
    Optional<Vmm> vmm = queue.vmm();
    Optional<CensusQueue> census = queue.queue();
    QueueJson.identity(
        json,
        new QueueJson.Identity(
            vmm.map(Vmm::name).orElse(null),
            vmm,
            vmm.map(Vmm::pid).orElse(census.map(CensusQueue::process).orElse(0)),
            queue.port()));
    switch (queue.reach()) {
      case CAN -> json.flag("can_be_hit", true);
      case CANNOT -> json.flag("can_be_hit", false);
      case UNKNOWN -> json.nothing("can_be_hit");
    }
    json.text("why", queue.why());
    if (census.isPresent()) {
      json.flag("mergeable", census.get().mergeable())
          .constant("backend", census.get().backend())
          .number("num", census.get().num())
          .number("posted_buffers", census.get().postedBuffers());
    } else {
      json.nothing("mergeable", "backend", "num", "posted_buffers");
    }
    TapState tap = queue.tap();
    if (tap.offloadTrouble().isEmpty()) {
      json.texts("offloads", tap.offloads());
    } else {
      json.nothing("offloads");
    }
    json.name("offloads_unknown", tap.offloadTrouble());
    json.count("mtu", tap.mtu() == 0 ? -1 : tap.mtu());
    json.objects(
        "uplinks",
        tap.uplinks(),
        (fields, uplink) -> {
          fields.text("name", uplink.name()).text("kind", uplink.kind());
          switch (uplink.gro()) {
            case ON -> fields.flag("gro", true);
            case OFF -> fields.flag("gro", false);
            case UNKNOWN -> fields.nothing("gro");
          }
        });
    json.name("uplinks_unknown", tap.uplinkTrouble());
  }

  /** Returns the report as text. */
  public static String text(HostExposure host, Style style) {
    StringBuilder text = new StringBuilder();
    KernelExposure kernel = host.kernel();
    line(text, style.exposure(kernel.status()) + ": " + headline(kernel.status()));
    line(text, "  kernel   " + Printable.of(host.release()));
    line(text, "  because  " + Printable.of(kernel.reason()));
    if (kernel.status() == Exposure.UNKNOWN) {
      line(text, "  to know  " + REMEDY);
    }
    List<Clue> others = kernel.clues().stream().filter(clue -> !clue.decides()).toList();
    others.stream()
        .filter(clue -> !clue.text().equals(kernel.reason()))
        .forEach(clue -> line(text, "  also     " + Printable.of(clue.text())));
    line(text, "");
    queues(text, host);
    host.troubles().forEach(trouble -> line(text, "trouble: " + Printable.of(trouble)));
    return text.toString();
  }

  private static String headline(Exposure status) {
    return switch (status) {
      case AFFECTED -> "this kernel has the bug of CVE-2026-74356";
      case FIXED -> "this kernel does not have the bug of CVE-2026-74356";
      case UNKNOWN -> "whether this kernel has the bug of CVE-2026-74356 cannot be read";
    };
  }

  private static void queues(StringBuilder text, HostExposure host) {
    if (host.queues().isEmpty()) {
      line(text, host.census() ? "no vhost_net queue on this host" : "no tap on this host is seen");
      return;
    }
    if (!host.census()) {
      line(text, "no census: these are the taps of this network namespace; queues are not known");
    }
    line(text, summary(host));
    Table table =
        new Table(
            "VM<",
            "TAP<",
            "QUEUE",
            "HIT<",
            "MERGEABLE<",
            "OFFLOADS<",
            "RING",
            "POSTED",
            "BRIDGE<",
            "UPLINKS<");
    host.queues().forEach(queue -> table.row(cells(queue)));
    text.append(table);
    List<String> reasons = host.queues().stream().map(ExposureReport::why).distinct().toList();
    reasons.stream().limit(MAX_REASONS).forEach(why -> line(text, why));
    if (reasons.size() > MAX_REASONS) {
      line(text, "  and " + (reasons.size() - MAX_REASONS) + " more: --format json has all");
    }
  }

  private static String summary(HostExposure host) {
    long can = count(host, Reach.CAN);
    long unknown = count(host, Reach.UNKNOWN);
    String fate =
        switch (host.kernel().status()) {
          case AFFECTED -> " can be hit";
          case UNKNOWN -> " could be hit if the kernel has the bug";
          case FIXED ->
              " could be starved: its worker would sleep, not spin, and receive would stand still";
        };
    return can
        + " of "
        + host.queues().size()
        + (host.census() ? " queues" : " taps")
        + fate
        + (unknown == 0 ? "" : ", of " + unknown + " it is not known");
  }

  private static long count(HostExposure host, Reach reach) {
    return host.queues().stream().filter(queue -> queue.reach() == reach).count();
  }

  private static String[] cells(QueueExposure queue) {
    Optional<CensusQueue> census = queue.queue();
    TapState tap = queue.tap();
    return new String[] {
      queue.vmm().map(vmm -> Printable.of(vmm.name())).orElse("-"),
      name(queue.port().name()),
      queue.port().queueIndex() < 0 ? "-" : String.valueOf(queue.port().queueIndex()),
      reach(queue.reach()),
      census.map(known -> known.mergeable() ? "yes" : "no").orElse("-"),
      !tap.offloadTrouble().isEmpty() ? "unknown" : offloads(tap.offloads()),
      census.map(known -> String.valueOf(known.num())).orElse("-"),
      census.map(known -> String.valueOf(known.postedBuffers())).orElse("-"),
      name(queue.port().master()),
      uplinks(tap)
    };
  }

  private static String reach(Reach reach) {
    return switch (reach) {
      case CAN -> "yes";
      case CANNOT -> "no";
      case UNKNOWN -> "unknown";
    };
  }

  /** Short names: ethtool's own take a line each. */
  private static String offloads(List<String> names) {
    if (names.isEmpty()) {
      return "off";
    }
    return String.join(
        ",",
        names.stream()
            .map(
                name ->
                    switch (name) {
                      case "tx-tcp-segmentation" -> "tso4";
                      case "tx-tcp6-segmentation" -> "tso6";
                      case "tx-tcp-ecn-segmentation" -> "ecn";
                      case "tx-udp-segmentation" -> "uso";
                      default -> Printable.of(name);
                    })
            .toList());
  }

  private static String uplinks(TapState tap) {
    if (!tap.uplinkTrouble().isEmpty()) {
      return "unknown";
    }
    return tap.uplinks().isEmpty()
        ? "none"
        : String.join(",", tap.uplinks().stream().map(ExposureReport::uplink).toList());
  }

  private static String uplink(Uplink uplink) {
    return Printable.of(uplink.name())
        + "("
        + Printable.of(uplink.kind())
        + ",gro "
        + uplink.gro().name().toLowerCase(Locale.ROOT)
        + ")";
  }

  private static String why(QueueExposure queue) {
    return "  "
        + (queue.port().name().isEmpty() ? "(no tap)" : Printable.of(queue.port().name()))
        + ": "
        + Printable.of(queue.why());
  }

  private static String name(String text) {
    return text.isEmpty() ? "-" : Printable.of(text);
  }

  private static void line(StringBuilder text, String line) {
    text.append(line).append('\n');
  }
}

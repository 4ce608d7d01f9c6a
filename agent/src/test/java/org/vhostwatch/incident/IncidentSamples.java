package org.vhostwatch.incident;

import java.util.List;
import java.util.Optional;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.report.QueueReport;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.QueueStatus;

/** Incidents with all that one can have. */
public final class IncidentSamples {

  public static final String ID = "20261123T140640Z-0a1b2c3d";

  private IncidentSamples() {}

  /** Returns one with every field filled. */
  public static Incident full(String vm) {
    return full(ID, vm, "vnet3", Incident.State.CLOSED, Samples.WALL_MILLIS);
  }

  public static Incident full(
      String id, String vm, String tap, Incident.State state, long wallMillis) {
    QueueIdentity queue =
        new QueueIdentity(
            FakeHost.BOOT,
            vm,
            Optional.of("6d1a9c5e-1111-4222-8333-444455556666"),
            Optional.of("4711"),
            4711,
            99,
            new TapPort(tap, 12, "br0", 4026531840L, 2, true),
            4713,
            4242,
            Samples.VQ);
    QueueStatus status =
        new QueueStatus(
            vm,
            Optional.of(new Vmm(4711, 99, "qemu-system-x86", vm, queue.uuid(), queue.vmid())),
            queue.port(),
            Samples.livelocked(Samples.VQ, 4711, 4713, tap, 2),
            wallMillis);
    QueueReport report =
        new QueueReport(status, Exposure.AFFECTED, Optional.empty(), List.of(status.verdict()));
    Look look =
        new Look(
            Look.When.ONSET,
            wallMillis + 9000,
            true,
            report.json(),
            report.text(),
            Optional.of("{\"on_cpu\":[{\"tid\":7,\"comm\":\"fc-geheim\"}],\"troubles\":[]}"));
    boolean over = state == Incident.State.CLOSED;
    return new Incident(
        id,
        state,
        queue,
        Samples.KERNEL,
        "0.23.2",
        "0.1.0",
        "high",
        2,
        List.of(
            new Occurrence(
                wallMillis,
                wallMillis + 3000,
                wallMillis + 60_000,
                wallMillis + 61_000,
                Optional.of(Ending.PAUSED)),
            new Occurrence(
                wallMillis + 70_000,
                wallMillis + 73_000,
                wallMillis + 90_000,
                over ? wallMillis + 91_000 : 0,
                over ? Optional.of(Ending.REFILLED) : Optional.empty())),
        List.of(look),
        List.of(new Gap(wallMillis + 10_000, wallMillis + 20_000)),
        List.of(
            "2026-11-23T14:06:43Z ERROR LIVELOCKED (confidence high): VM "
                + org.vhostwatch.report.Printable.of(vm)
                + ", tap "
                + org.vhostwatch.report.Printable.of(tap)
                + ", queue 2, worker 4713: it spins"),
        true);
  }
}

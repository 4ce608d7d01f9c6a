package org.vhostwatch.incident;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.vhostwatch.log.RedactedLine;
import org.vhostwatch.report.Printable;

/**
 * All of one incident in one archive, for a report to those who can cure it. The JDK writes zip,
 * and every kernel developer's machine reads it.
 */
public final class Bundle {

  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final Incident incident;

  private Bundle(Incident incident) {
    this.incident = incident;
  }

  /**
   * Packs an incident.
   *
   * @param facts what {@link HostFacts} says of the host now
   * @param hostName its name
   * @param agent version of this program
   * @param redact whether to replace names and addresses
   * @throws IOException if incident or recording are damaged
   */
  public static Bundle of(
      Incident incident,
      Optional<byte[]> recording,
      List<String> facts,
      String hostName,
      String agent,
      boolean redact)
      throws IOException {
    Bundle bundle = new Bundle(incident);
    String kernel = String.join("\n", facts) + "\n";
    String readme = readme(incident, recording.isPresent(), agent, redact);
    if (redact) {
      // From all lines: what is a name in one that is left out is one elsewhere too.
      Redactor redactor = new Redactor(incident, recording, hostName);
      Incident told = incident.withLog(incident.log().stream().map(RedactedLine::of).toList());
      bundle.add("README.txt", readme);
      bundle.add("incident.json", redactor.json(IncidentJson.of(told)));
      bundle.add("incident.txt", redactor.text(IncidentText.of(told)));
      if (recording.isPresent()) {
        bundle.files.put("incident.recording", redactor.recording(recording.get()));
      }
      bundle.add("kernel.txt", redactor.text(kernel));
      bundle.add("log.txt", redactor.text(log(told)));
    } else {
      bundle.add("README.txt", readme);
      bundle.add("incident.json", IncidentJson.of(incident));
      bundle.add("incident.txt", IncidentText.of(incident));
      recording.ifPresent(bytes -> bundle.files.put("incident.recording", bytes));
      bundle.add("kernel.txt", "host: " + hostName + "\n" + kernel);
      bundle.add("log.txt", log(incident));
    }
    return bundle;
  }

  private static String log(Incident incident) {
    return String.join("\n", incident.log()) + "\n";
  }

  private void add(String name, String text) {
    files.put(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the files by name. */
  Map<String, byte[]> files() {
    return files;
  }

  /** Writes the archive; everything lies in one folder named after the incident. */
  public void write(OutputStream out) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      ZipEntry entry = new ZipEntry("vhostwatch-" + incident.id() + "/" + file.getKey());
      entry.setTime(incident.first().firstSign());
      zip.putNextEntry(entry);
      zip.write(file.getValue());
      zip.closeEntry();
    }
    zip.finish();
  }

  /** Has no name of a VM in it, and so needs no redaction. */
  private static String readme(
      Incident incident, boolean recorded, String agent, boolean redacted) {
    String kernel = Printable.of(incident.kernel());
    return """
        A vhost_net worker thread spun for ever: incident %s

        What happened. The RX worker of a vhost_net queue on kernel %s did not sleep and did not
        deliver: handle_rx fetched descriptors for the packet at the head of the tap's queue, found
        too few for it, gave them back (vhost_discard_vq_desc), was told by vhost_enable_notify that
        there are new buffers, and began again. The guest posted no more buffers meanwhile. That is
        the signature of CVE-2026-74356, on kernels from 5.18 until the fix in 6.1.191, 6.12.97,
        6.18.40, 7.1.5 and 7.2.

        It lasted %s, %d livelock(s) in all, and ended: %s.
        Verdict: LIVELOCKED, confidence %s. incident.txt has the numbers that it rests on.

        Files
          incident.txt        times, indices, return histograms, stack: start here
          incident.json       the same for programs (schema vhostwatch.incident/1)
          incident.recording  %s
          kernel.txt          kernel, modules with their srcversion, build options, as of the packing
          log.txt             what the daemon logged from first sign to end

        Replay. The recording holds the raw lines of the probes, with times. It needs neither this
        kernel nor root:
          vhostwatch replay incident.recording
        ends with exit code 2 for a livelock and prints what the verdict rests on.

        How it was measured. kprobes and kretprobes on vhost_discard_vq_desc, vhost_get_vq_desc(_n),
        vhost_net_buf_peek, vhost_enable_notify and others by bpftrace %s; indices are read from
        struct vhost_virtqueue at offsets from BTF; a BPF iterator over open files reads all queues.
        Where get_rx_bufs is inlined, its returns are derived from the calls around it, and marked.

        Seen by vhostwatch %s, packed by vhostwatch %s. %s
        """
        .formatted(
            incident.id(),
            kernel,
            IncidentText.duration(incident.millis()),
            incident.count(),
            incident.how().map(Ending::id).orElse("not yet, when this was packed"),
            incident.confidence(),
            recorded ? "the raw lines of the probes" : "not there: no capture could be made",
            incident.bpftrace().isEmpty() ? "(none)" : Printable.of(incident.bpftrace()),
            Printable.of(incident.agent()),
            agent,
            redacted
                ? "Names and addresses are replaced, each by the same word everywhere.\n"
                    + "Of lines of the log that are not about queues and probes the words are left out."
                : "Names and addresses are as they were: look before you publish.");
  }
}

package org.vhostwatch.incident;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Diagnosis;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.evidence.Recording;
import org.vhostwatch.evidence.RecordingReader;
import org.vhostwatch.evidence.Scenes;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.report.JsonText;
import org.vhostwatch.report.Printable;
import org.vhostwatch.report.Samples;
import org.vhostwatch.report.SurroundingsJson;

class BundleTest {

  private static final String HOST = "hv17.customer.example";

  private static final String EXPOSURE =
      """
      {"status": "AFFECTED", "reason": "by its version", "upstream": "6.18.15",
       "clues": [{"source": "VERSION", "says": "AFFECTED", "decides": true, "text": "Linux"}]}
      """;

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path temporary;

  /** A recording from a real kernel, with other names in it. */
  private static byte[] recording(String vm, String tap) throws Exception {
    Path file =
        Path.of(
            Objects.requireNonNull(RecordingReader.class.getResource("lab/6.18.15-livelock.ndjson"))
                .toURI());
    StringBuilder out = new StringBuilder();
    for (String line : Files.readAllLines(file)) {
      Map<?, ?> fields = JsonTree.parse(line).fields();
      out.append(line.contains("\"line\":\"CENSUS\"") ? renamed(fields, tap) : named(fields, vm))
          .append('\n');
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String renamed(Map<?, ?> fields, String tap) throws IOException {
    Map<Object, Object> other = new TreeMap<>(fields);
    String text = (String) Objects.requireNonNull(fields.get("text"));
    int at = text.indexOf(" tap=");
    other.put("text", at < 0 ? text : text.substring(0, at) + " tap=" + tap);
    return JsonTree.write(other);
  }

  @SuppressWarnings("unchecked")
  private static String named(Map<?, ?> fields, String vm) throws IOException {
    if (fields.get("host") instanceof Map<?, ?> host) {
      ((Map<String, Object>) host).put("exposure", JsonTree.parse(EXPOSURE).fields());
    }
    if (fields.get("vmms") instanceof List<?> vmms) {
      for (Object each : vmms) {
        ((Map<String, Object>) each).put("name", vm);
        ((Map<String, Object>) each).put("uuid", "6d1a9c5e-1111-4222-8333-444455556666");
      }
    }
    return JsonTree.write(fields);
  }

  private static Incident incident(String vm, String tap) {
    return IncidentSamples.full(
            IncidentSamples.ID, vm, tap, Incident.State.CLOSED, 1_795_000_000_000L)
        .withLog(
            List.of(
                "2026-11-23T14:06:43.000Z crit livelock-begins vm="
                    + Printable.quoted(vm)
                    + " queue=2: VM "
                    + Printable.of(vm)
                    + ", tap "
                    + Printable.of(tap),
                "2026-11-23T14:06:44.000Z info nothing-to-watch: peer 192.0.2.17 at"
                    + " 52:54:00:12:34:56 and 2001:db8::17 via hv17"));
  }

  private static Map<String, String> unzip(Bundle bundle) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    bundle.write(out);
    Map<String, String> files = new TreeMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(out.toByteArray()))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), new String(zip.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return files;
  }

  private static Bundle bundle(String vm, String tap, boolean redact) throws Exception {
    return Bundle.of(
        incident(vm, tap),
        Optional.of(recording(vm, tap)),
        List.of("build: Linux on " + HOST, "command line: root=UUID=" + FakeHost.BOOT),
        HOST,
        "0.1.0",
        redact);
  }

  /** All ways in which a name could be written. */
  private static Set<String> forms(String secret) throws IOException {
    Set<String> forms = new LinkedHashSet<>();
    forms.add(secret);
    forms.add(Printable.of(secret));
    forms.add(Printable.of(secret).replace("\"", "\\\""));
    StringBuilder utf8 = new StringBuilder();
    for (byte each : secret.getBytes(StandardCharsets.UTF_8)) {
      utf8.append(each < 0 ? String.format("\\x%02x", each) : String.valueOf((char) each));
    }
    forms.add(utf8.toString());
    for (String form : List.copyOf(forms)) {
      String json = JsonTree.write(JsonText.wellFormed(form));
      String inner = json.substring(1, json.length() - 1);
      forms.add(inner);
      String again = JsonTree.write(inner);
      forms.add(again.substring(1, again.length() - 1));
    }
    return forms;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "customer-web01",
        "a\",b\n{}",
        "back\\\"slash",
        "geheim\u00e4\u202e\ud83d\udc27",
        "x\ud800y.secret",
        "$(reboot)",
        ".*",
        "\\Qname\\E"
      })
  void aRedactedArchiveHasNoSecretInAnyForm(String vm) throws Exception {
    String tap = "vnet-gh\u00e4\"x";
    Map<String, String> files = unzip(bundle(vm, tap, true));
    List<String> secrets =
        new ArrayList<>(
            List.of(
                vm,
                tap,
                HOST,
                "hv17",
                "6d1a9c5e-1111-4222-8333-444455556666",
                FakeHost.BOOT,
                "192.0.2.17",
                "52:54:00:12:34:56",
                "2001:db8::17",
                "ffff888104a3c000",
                "18446612682187800768",
                "-131391521750848",
                "fc-geheim",
                "br0"));
    assertThat(files).hasSize(6);
    for (String secret : secrets) {
      for (String form : forms(secret)) {
        files.forEach(
            (name, content) ->
                assertThat(content).as("%s in %s", Printable.of(form), name).doesNotContain(form));
      }
    }
  }

  @Test
  void addressesWithFiveLevelsOfPageTablesAreRedactedToo() throws Exception {
    List<String> forms = List.of("ff11000012345678", "18379471554581124728", "-67272519128426888");
    Incident incident =
        incident("web01", "vnet3")
            .withLog(
                List.of(
                    "2026-11-23T14:06:43.000Z info census-ended: vq 0xff11000012345678, "
                        + "18379471554581124728 and -67272519128426888"));
    Map<String, String> files =
        unzip(Bundle.of(incident, Optional.empty(), List.of(), HOST, "0.1.0", true));
    files.forEach((name, content) -> assertThat(content).as(name).doesNotContain(forms));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"other-db07", "a\",b\n{}", "back\\\"slash", "gehe\u00efm\u202e x", "y\ud800z.q"})
  void otherVmsInLinesOfTheLogAreRedactedToo(String other) throws Exception {
    Incident incident =
        incident("web01", "vnet3")
            .withLog(
                List.of(
                    "2026-11-23T14:06:43.000Z warning tap-mitigated vm="
                        + Printable.quoted(other)
                        + " tap=vnet-other ifindex=1: mitigated: tap vnet-other of VM "
                        + Printable.of(other),
                    "2026-11-23T14:06:44.000Z warning worker-unexplained vm=third-vm tid=7: x"));
    Map<String, String> files =
        unzip(Bundle.of(incident, Optional.empty(), List.of(), HOST, "0.1.0", true));
    for (String secret : List.of(other, "vnet-other", "third-vm")) {
      for (String form : forms(secret)) {
        files.forEach(
            (name, content) ->
                assertThat(content).as("%s in %s", Printable.of(form), name).doesNotContain(form));
      }
    }
    assertThat(files.get("vhostwatch-" + IncidentSamples.ID + "/log.txt"))
        .contains("warning tap-mitigated vm=\"vm-2\" tap=tap-2 ifindex=1: mitigated");
  }

  @Test
  void ofWhatTheOperatorsOwnProgramsSayNoWordLeavesTheHost() throws Exception {
    Incident incident =
        incident("web01", "vnet3")
            .withLog(
                List.of(
                    "2026-11-23T14:06:43.000Z crit livelock-begins vm=web01 queue=2: it spins",
                    "2026-11-23T14:06:44.000Z error hook-failed incident=web02: on-incident:"
                        + " /opt/acme/page: ended with 1: jira.acme.example refused token=t0p",
                    "2026-11-23T14:06:45.000Z error alerts-refused: alertmanager-url:"
                        + " http://alerts.acme.example: no route",
                    "something that acme has put there"));
    Map<String, String> files =
        unzip(Bundle.of(incident, Optional.empty(), List.of(), HOST, "0.1.0", true));
    for (String secret : List.of("acme", "t0p", "web02")) {
      files.forEach((name, content) -> assertThat(content).as(name).doesNotContain(secret));
    }
    List<String> left =
        List.of(
            "2026-11-23T14:06:43.000Z crit livelock-begins vm=vm-1 queue=2: it spins",
            "2026-11-23T14:06:44.000Z error hook-failed: (left out)",
            "2026-11-23T14:06:45.000Z error alerts-refused: (left out)",
            "(left out)");
    String folder = "vhostwatch-" + IncidentSamples.ID + "/";
    assertThat(files.get(folder + "log.txt")).isEqualTo(String.join("\n", left) + "\n");
    assertThat(files.get(folder + "incident.txt"))
        .endsWith("log\n  " + String.join("\n  ", left) + "\n");
    assertThat(IncidentJson.read(Objects.requireNonNull(files.get(folder + "incident.json"))).log())
        .isEqualTo(left);
    assertThat(
            Bundle.of(incident, Optional.empty(), List.of(), HOST, "0.1.0", false)
                .files()
                .get("log.txt"))
        .asString(StandardCharsets.UTF_8)
        .contains("jira.acme.example", "something that acme");
  }

  @Test
  void aProcessThatIsCalledAfterItsVmIsRedactedInTheRecordingToo() throws Exception {
    byte[] recording =
        new String(recording("web01", "vnet3"), StandardCharsets.UTF_8)
            .replace("\"comm\":\"vhost-guest\"", "\"comm\":\"qemu:customer-a\"")
            .getBytes(StandardCharsets.UTF_8);
    assertThat(new String(recording, StandardCharsets.UTF_8)).contains("qemu:customer-a");
    Bundle bundle =
        Bundle.of(
            incident("web01", "vnet3"), Optional.of(recording), List.of(), HOST, "0.1.0", true);
    unzip(bundle)
        .forEach((name, content) -> assertThat(content).as(name).doesNotContain("customer-a"));
    byte[] redacted = Objects.requireNonNull(bundle.files().get("incident.recording"));
    assertThat(new String(redacted, StandardCharsets.UTF_8))
        .contains("\"comm\":\"process-", "\"comm\":\"vhost-181\"");
    assertThat(replay(redacted).worst()).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void soItIsInWhatWasSeenWithoutARecording() throws Exception {
    Look look =
        new Look(
            Look.When.ONSET,
            1_795_000_000_000L,
            false,
            "{}",
            List.of("  VM       web01  id 7  process qemu:customer-a pid 4712"),
            Optional.empty());
    Incident incident = incident("web01", "vnet3").withLooks(List.of(look));
    Map<String, String> files =
        unzip(Bundle.of(incident, Optional.empty(), List.of(), HOST, "0.1.0", true));
    files.forEach((name, content) -> assertThat(content).as(name).doesNotContain("customer-a"));
    assertThat(files.get("vhostwatch-" + IncidentSamples.ID + "/incident.txt"))
        .contains("VM       vm-1", "process process-1 pid 4712");
  }

  @ParameterizedTest
  @ValueSource(strings = {"qemu-system-x86", "qemu-kvm", "kvm", "vhost-4712"})
  void whatAVmmIsUsuallyCalledStays(String comm) throws Exception {
    Look look =
        new Look(
            Look.When.ONSET,
            1_795_000_000_000L,
            false,
            "{\"comm\":\"" + comm + "\"}",
            List.of(),
            Optional.empty());
    Redactor redactor =
        new Redactor(incident("w", "t").withLooks(List.of(look)), Optional.empty(), "");
    assertThat(redactor.text("process " + comm + " pid 1")).isEqualTo("process " + comm + " pid 1");
  }

  @Test
  void theSameThingHasTheSameNameInAllFiles() throws Exception {
    Map<String, String> files = unzip(bundle("customer-web01", "vnet-secret", true));
    String folder = "vhostwatch-" + IncidentSamples.ID + "/";
    assertThat(files.get(folder + "incident.json")).contains("\"vm\":\"vm-1\"", "\"tap-1\"");
    assertThat(files.get(folder + "incident.txt")).contains("VM vm-1", "tap tap-1");
    assertThat(files.get(folder + "log.txt")).contains("VM vm-1, tap tap-1", "ip-", "mac-1");
    assertThat(files.get(folder + "incident.recording")).contains("vm-1", "tap=tap-1");
    assertThat(files.get(folder + "kernel.txt")).contains("host-1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "customer-web01",
        "LIVELOCKED",
        "AFFECTED",
        "VERSION",
        "6.18.15",
        "vq",
        "a",
        "0",
        "printf",
        "uuid-1"
      })
  void theRedactedRecordingGivesTheSameVerdict(String vm) throws Exception {
    byte[] before = recording(vm, "vnet3");
    Bundle bundle = bundle(vm, "vnet3", true);
    Findings was = replay(before);
    Findings is = replay(Objects.requireNonNull(bundle.files().get("incident.recording")));
    assertThat(is.worst()).isEqualTo(Verdict.LIVELOCKED);
    assertThat(is.verdicts()).hasSameSizeAs(was.verdicts());
    assertThat(is.verdicts().get(0).criteria()).isEqualTo(was.verdicts().get(0).criteria());
    assertThat(is.verdicts().get(0).passes()).isEqualTo(was.verdicts().get(0).passes());
    assertThat(is.rejected()).isZero();
  }

  /** Fields whose words are another's, or may have them among our own. */
  private static final Set<String> FOREIGN =
      Set.of(
          "vm",
          "vm_uuid",
          "vm_id",
          "vmid",
          "uuid",
          "name",
          "tap",
          "bridge",
          "master",
          "boot_id",
          "comm",
          "vq",
          "text",
          "log",
          "summary",
          "advice",
          "reason",
          "trouble",
          "troubles");

  /** A new field is one or the other: who adds it decides here, and in the redactor. */
  @Test
  void noVmIsCalledSoThatAWordOfOurOwnIsReplaced() throws Exception {
    Set<Map.Entry<String, String>> words = new LinkedHashSet<>();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Recording recording = Recording.to(out)) {
      for (Scenes.Timed timed : Scenes.livelock()) {
        recording.add(timed.at(), timed.event());
      }
      Map<WorkerId, TapPort> ports =
          Map.of(new WorkerId(1, 1), new TapPort("t", 1, "b", 1, 0, true));
      recording.add(Long.MAX_VALUE, new Event.Ports(ports));
    }
    for (String line : out.toString(StandardCharsets.UTF_8).lines().toList()) {
      collect("", JsonTree.parse(line).fields(), words);
    }
    Look look = IncidentSamples.full("w").looks().get(0);
    QueueVerdict verdict = Samples.livelocked(Samples.VQ, 4711, 4713, "t", 2);
    String around =
        SurroundingsJson.of(
            Samples.surroundings(Samples.VQ, "t", 0, 812), verdict, List.of(verdict));
    Look whole = new Look(look.when(), 1, true, look.queue(), look.text(), Optional.of(around));
    String json = IncidentJson.of(IncidentSamples.full("w").withLooks(List.of(whole)));
    collect("", JsonTree.parse(json).fields(), words);
    assertThat(words)
        .extracting(Map.Entry::getKey)
        .contains("status", "source", "says", "upstream", "flow", "allowed", "wchan", "stack")
        .contains("frames", "how_ended", "backend", "outcome", "peekFunction", "peek_function");
    for (Map.Entry<String, String> word : words) {
      Redactor redactor = new Redactor(incident(word.getValue(), "t"), Optional.empty(), "");
      String field = JsonTree.write(Map.of(word.getKey(), word.getValue()));
      assertThat(redactor.json(field).strip()).as(word.getKey()).isEqualTo(field);
    }
  }

  /** Adds all texts in it, but those of others, with the names of their fields. */
  private static void collect(
      String name, @Nullable Object value, Set<Map.Entry<String, String>> words) {
    if (value instanceof Map<?, ?> object) {
      object.forEach((key, inner) -> collect((String) key, inner, words));
    } else if (value instanceof List<?> array) {
      array.forEach(item -> collect(name, item, words));
    } else if (value instanceof String text && !text.isEmpty() && !FOREIGN.contains(name)) {
      words.add(Map.entry(name, text));
    }
  }

  private Findings replay(byte[] recording) throws Exception {
    Path file = Files.write(Files.createTempFile(temporary, "r", ""), recording);
    Diagnosis diagnosis = new Diagnosis(Settings.DEFAULT);
    RecordingReader.read(file, diagnosis::accept);
    return diagnosis.findings();
  }

  @Test
  void theRedactedIncidentIsAnIncidentStill() throws Exception {
    Bundle bundle = bundle("a\",b\n{}", "vnet3", true);
    Incident read =
        IncidentJson.read(
            new String(
                Objects.requireNonNull(bundle.files().get("incident.json")),
                StandardCharsets.UTF_8));
    assertThat(read.id()).isEqualTo(IncidentSamples.ID);
    assertThat(read.how()).contains(Ending.REFILLED);
    assertThat(read.queue().vq()).isNotEqualTo(incident("x", "y").queue().vq());
  }

  @Test
  void withoutRedactionAllIsAsItWas() throws Exception {
    Map<String, String> files = unzip(bundle("customer-web01", "vnet3", false));
    String all = String.join("", files.values());
    assertThat(all).contains("customer-web01", "vnet3", HOST, "192.0.2.17", "0xffff888104a3c000");
  }

  @Test
  void theReadmeTellsAKernelDeveloperWhatHappenedAndHowToReplay() throws Exception {
    String readme =
        unzip(bundle("web01", "vnet3", true))
            .get("vhostwatch-" + IncidentSamples.ID + "/README.txt");
    assertThat(readme)
        .contains("vhost_discard_vq_desc", "vhostwatch replay incident.recording", "6.18.15-amd64")
        .doesNotContain("web01");
  }

  @Test
  void processesAreReplacedAsWordsAndNotThisProgramsOwn() throws Exception {
    Look look =
        new Look(
            Look.When.ONSET,
            1_795_000_000_000L,
            false,
            "{}",
            List.of(),
            Optional.of(
                "{\"on_cpu\":[{\"comm\":\"vhostwatch/incidents\"},{\"comm\":\"incident\"},"
                    + "{\"comm\":\"qemu:acme\"}]}"));
    Redactor redactor =
        new Redactor(incident("w", "t").withLooks(List.of(look)), Optional.empty(), "");
    String opened = "incidents 2026 shows it; also on this CPU: vhostwatch/incidents tid 7";
    assertThat(redactor.text(opened)).isEqualTo(opened);
    assertThat(redactor.text("incident, (incident) qemu:acme-1"))
        .isEqualTo("process-1, (process-1) process-2-1");
    assertThat(redactor.json("{\"comm\":\"qemu:acme\"}")).contains("\"process-2\"");
  }

  @ParameterizedTest
  @CsvSource({
    "ip=10.1.2.3::10.1.2.1:255.255.255.0:kvm17:eth0:off, ip=ip-1::ip-2:ip-3:kvm17:eth0:off",
    "ip=10.1.2.3:::255.255.255.0::eth0:off, ip=ip-1:::ip-2::eth0:off",
    "ip=10.1.2.3:10.1.2.9:10.1.2.1 ip=10.1.2.3::, ip=ip-1:ip-2:ip-3 ip=ip-1::",
    "ip=:::::eth0:dhcp ip=::10.1.2.1, ip=:::::eth0:dhcp ip=::ip-1",
    "::ffff:10.1.2.3 10.1.2.3, ::ffff:ip-1 ip-1",
    "64:ff9b::10.1.2.3 2001:db8:1:2:3:4:10.1.2.3, ip-1 ip-2",
    "[2001:db8::17]:80 fe80::1%eth0 2001:db8::17.443, [ip-1]:80 ip-2%eth0 ip-1.443",
    "via.2001:db8::17 1:2:3:4:5:6:7:8 ::1., via.ip-1 ip-2 ip-3.",
    "10.1.2.3:80 tcp::10.1.2.3:22-:22, ip-1:80 tcp::ip-1:22-:22"
  })
  void addressesAreReplacedWholeWhateverStandsBesideThem(String text, String redacted)
      throws Exception {
    Redactor redactor = new Redactor(incident("w", "t"), Optional.empty(), "");
    assertThat(redactor.text(text)).isEqualTo(redacted);
  }

  @Test
  void aTimeOfDayAndAVersionAreNoAddresses() throws Exception {
    Redactor redactor = new Redactor(incident("w", "t"), Optional.empty(), "");
    String text = "14:06:43.123 kernel 6.18.15 bpftrace 0.23.2 -22 4026531840 60366";
    assertThat(redactor.text(text)).isEqualTo(text);
  }
}

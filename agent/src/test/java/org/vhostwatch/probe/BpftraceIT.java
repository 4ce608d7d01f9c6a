package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;

@Timeout(120)
class BpftraceIT {

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String SPINS = "vhost_discard_vq_desc";

  private final Spawner spawner = new Spawner();
  private final Path folder;

  BpftraceIT(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void theRealOneIsFoundWithItsVersion() throws Exception {
    Bpftrace bpftrace = RealBpftrace.find(spawner);
    assertThat(bpftrace.version()).isGreaterThanOrEqualTo(BpftraceVersion.MINIMUM);
    assertThat(bpftrace.program()).isAbsolute();
  }

  @Test
  void anOldOneIsRefusedWithBothVersions() throws Exception {
    assertThatThrownBy(() -> find("echo 'bpftrace v0.12.0'"))
        .isInstanceOf(Bpftrace.MissingException.class)
        .hasMessageContainingAll("is version 0.12.0", "0.17.0 or newer");
  }

  @Test
  void aVersionMayHaveATail() throws Exception {
    assertThat(find("echo 'bpftrace v0.24.2-17-gdeadbee'").version())
        .isEqualTo(new BpftraceVersion(0, 24, 2));
    assertThat(find("echo 'bpftrace v0.27'").version()).isEqualTo(new BpftraceVersion(0, 27, 0));
  }

  @Test
  void oneThatHangsIsGivenUp() throws Exception {
    Path program = RealBpftrace.fake(folder, "exec sleep 1000");
    assertThatThrownBy(() -> Bpftrace.find(spawner, Optional.of(program), Duration.ofSeconds(3)))
        .isInstanceOf(Bpftrace.MissingException.class)
        .hasMessageContaining("did not answer within 3 s");
  }

  @Test
  void oneThatFailsIsQuoted() {
    assertThatThrownBy(
            () -> find("echo 'libbpf.so.1: cannot open shared object file' >&2; exit 127"))
        .isInstanceOf(Bpftrace.MissingException.class)
        .hasMessageContainingAll("said no version", "libbpf.so.1");
  }

  @Test
  void oneThatFloodsSaysNoVersion() {
    assertThatThrownBy(() -> find("yes | head -c 3000000"))
        .isInstanceOf(Bpftrace.MissingException.class)
        .hasMessageContaining("said no version");
  }

  @Test
  void oneThatOthersCouldChangeIsNotRun() throws Exception {
    Path ran = folder.resolve("ran");
    Path program = RealBpftrace.fake(folder, "touch " + ran + "; echo 'bpftrace v0.27.0'");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxrwxr-x"));
    assertThatThrownBy(() -> Bpftrace.find(spawner, Optional.of(program), LIMIT))
        .isInstanceOf(Bpftrace.MissingException.class)
        .hasMessageContainingAll(program.toString(), "is not run", "writable by others");
    assertThat(ran).doesNotExist();
  }

  @Test
  void aPathThatIsNoProgramIsNamed() {
    for (Path path : List.of(Path.of("bpftrace"), folder.resolve("none"))) {
      assertThatThrownBy(() -> Bpftrace.find(spawner, Optional.of(path), LIMIT))
          .isInstanceOf(Bpftrace.MissingException.class)
          .hasMessageContaining(path.toString());
    }
  }

  @Test
  void theRealOneParsesTheScriptsOfEveryKernel() throws Exception {
    Bpftrace bpftrace = RealBpftrace.find(spawner);
    List<FakeHost> hosts = new ArrayList<>();
    for (String name : List.of("6.18", "6.1", "no-btf")) {
      Path root = Files.createDirectory(folder.resolve(name));
      hosts.add(
          switch (name) {
            case "6.18" -> Kernels.v6_18(root);
            case "6.1" -> Kernels.v6_1(root);
            default -> Kernels.withoutBtf(root);
          });
      Plan plan = Kernels.plan(root, hosts.get(hosts.size() - 1), bpftrace.version());
      parses(bpftrace, name + " sentinel", plan.sentinel().orElseThrow(), SPINS);
      parses(bpftrace, name + " evidence", plan.evidence(Set.of(183, 7)), SPINS);
      parses(bpftrace, name + " stack", plan.stack(Set.of(183, 7)), "profile:hz:49");
    }
  }

  /**
   * Parses and compiles without attaching. This needs tracefs, which we mount where nobody else
   * sees it.
   */
  private void parses(Bpftrace bpftrace, String what, String script, String probe)
      throws Exception {
    Path file = Files.writeString(folder.resolve("script.bt"), script);
    Path said = folder.resolve("said");
    String debug = bpftrace.version().atLeast(new BpftraceVersion(0, 22, 0)) ? "-d ast" : "-d";
    Process process =
        new ProcessBuilder(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t tracefs tracefs /sys/kernel/tracing && exec "
                    + bpftrace.program()
                    + " "
                    + debug
                    + " \"$0\"",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s: hangs", what).isTrue();
    String text = Files.readString(said, StandardCharsets.UTF_8);
    List<String> errors =
        text.lines()
            .filter(line -> line.contains("ERROR: ") && !line.contains("RLIMIT_MEMLOCK"))
            .toList();
    assertThat(errors).as("%s:%n%s", what, script).isEmpty();
    assertThat(process.exitValue()).as("%s: %s", what, text).isZero();
    assertThat(text).as(what).contains(probe);
  }

  private Bpftrace find(String body) throws Exception {
    return Bpftrace.find(spawner, Optional.of(RealBpftrace.fake(folder, body)), LIMIT);
  }
}

package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which Java the launcher takes, of made-up ones, and what it tells it. */
class LauncherTest {

  private static final Path LAUNCHER = Path.of("src/main/dist/bin/vhostwatch");
  private static final String OLD = "openjdk version \\\"1.8.0_412\\\"";
  private static final String NEW = "openjdk version \\\"17.0.15\\\" 2025-04-15";

  @TempDir private Path folder = Path.of("");

  private Path launcher = folder;

  @BeforeEach
  void install() throws IOException {
    launcher = folder.resolve("bin/vhostwatch");
    // Those of this host are not asked.
    String script = Files.readString(LAUNCHER);
    assertThat(script).contains(" /usr/lib/jvm/*/bin/java");
    executable(launcher, script.replace("/usr/lib/jvm/", folder + "/jvm/"));
    for (String tool : new String[] {"dirname", "readlink", "sed", "uname"}) {
      String call = "#!/bin/sh\nPATH=/usr/bin:/bin exec " + tool + " \"$@\"\n";
      executable(folder.resolve("path").resolve(tool), call);
    }
  }

  @Test
  void takesTheDefaultOne() throws Exception {
    byDefault(java("jvm/java-17/bin/java", NEW));
    release("jvm/java-17", "17.0.15");
    java("jvm/java-11/bin/java", NEW);
    assertThat(started()).isEqualTo("0 java-17 ");
  }

  @Test
  void passesOverAnOlderDefault() throws Exception {
    byDefault(java("jvm/java-11/bin/java", NEW));
    release("jvm/java-11", "11.0.27");
    java("jvm/java-17/bin/java", NEW);
    release("jvm/java-17", "17.0.15");
    assertThat(started()).isEqualTo("0 java-17 ");
  }

  @Test
  void passesOverTheJreWithinAnOlderJdk() throws Exception {
    byDefault(java("jvm/java-8/jre/bin/java", NEW));
    release("jvm/java-8", "1.8.0_412");
    java("jvm/java-17/bin/java", NEW);
    release("jvm/java-17", "17.0.15");
    assertThat(started()).isEqualTo("0 java-17 ");
  }

  @Test
  void asksNoneWhileAFileTellsOfOne() throws Exception {
    byDefault(java("jvm/java-8/jre/bin/java", OLD));
    java("jvm/java-17/bin/java", NEW);
    release("jvm/java-17", "17.0.15");
    assertThat(started()).isEqualTo("0 java-17 ");
  }

  @Test
  void asksThoseWithoutAFile() throws Exception {
    byDefault(java("jvm/java-8/jre/bin/java", OLD));
    java("jvm/java-unknown/bin/java", NEW);
    assertThat(started()).isEqualTo("0 java-8 asked, java-unknown asked, java-unknown ");
  }

  @Test
  void endsWhereThereIsNoneThatIsNewEnough() throws Exception {
    assertThat(started()).startsWith("78 vhostwatch: no Java found; install");
    byDefault(java("jvm/java-8/jre/bin/java", OLD));
    assertThat(started()).startsWith("78 java-8 asked, vhostwatch: no Java found; install");
  }

  @Test
  void theOneThatIsNamedMustBeNewEnough() throws Exception {
    String old = java("jvm/java-8/jre/bin/java", OLD).toString();
    String recent = java("jvm/java-17/bin/java", NEW).toString();
    String refused = "VHOSTWATCH_JAVA=" + old + " is no Java runtime 17 or newer\n";
    assertThat(started("VHOSTWATCH_JAVA", old)).startsWith("78 ").endsWith(refused);
    release("jvm/java-8", "1.8.0_412");
    assertThat(started("VHOSTWATCH_JAVA", old)).startsWith("78 ").endsWith(refused);
    assertThat(started("VHOSTWATCH_JAVA", recent)).isEqualTo("0 java-17 asked, java-17 ");
    assertThat(started("VHOSTWATCH_JAVA", "/bin/sh")).startsWith("78 vhostwatch: ");
  }

  @Test
  void whatIsNoUtf8IsMadeUtf8() throws Exception {
    String java = "#!/bin/sh\necho \"${LC_ALL:-as it is}\" >&3\n";
    byDefault(executable(folder.resolve("jvm/java-17/bin/java"), java));
    release("jvm/java-17", "17.0.15");
    assertThat(started()).as("no locale(1)").isEqualTo("0 C.UTF-8\n");
    locale("UTF-8");
    assertThat(started()).isEqualTo("0 as it is\n");
    assertThat(started("LC_ALL", "de_DE.UTF-8")).isEqualTo("0 de_DE.UTF-8\n");
    locale("ANSI_X3.4-1968");
    assertThat(started()).isEqualTo("0 C.UTF-8\n");
    assertThat(started("LC_ALL", "xx_XX")).isEqualTo("0 C.UTF-8\n");
  }

  private void locale(String charmap) throws IOException {
    String text = "#!/bin/sh\necho 'locale: Cannot set LC_CTYPE' >&2\necho " + charmap + "\n";
    executable(folder.resolve("path/locale"), text);
  }

  /** Needs a real one, which ends before it does anything. */
  @Test
  void aJvmThatCannotStartSaysSoOnStderr() throws Exception {
    ProcessBuilder builder = new ProcessBuilder(launcher.toString());
    builder
        .environment()
        .put("VHOSTWATCH_JAVA", Path.of(System.getProperty("java.home"), "bin/java").toString());
    builder.environment().put("VHOSTWATCH_JAVA_OPTS", "-Xms64m -Xmx2m");
    Process process = builder.start();
    assertThat(process.getInputStream().readAllBytes()).isEmpty();
    assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("Error occurred during initialization of VM");
    assertThat(process.waitFor()).isEqualTo(1);
  }

  @Test
  void unlocksWhatIsAnExperimentInJava24() throws Exception {
    assertThat(Files.readString(LAUNCHER))
        .containsSubsequence(
            "-XX:+UnlockExperimentalVMOptions", "-XX:+UseCompactObjectHeaders", "exec");
  }

  /** Makes a Java that says its name, and that it was asked, before it says its version. */
  private Path java(String path, String version) throws IOException {
    String name = Path.of(path).getName(1).toString();
    return executable(
        folder.resolve(path),
        """
        #!/bin/sh
        if [ "$1" = -version ]; then printf '%%s asked, ' %s >&3; echo "%s" >&2
        else printf '%%s ' %s >&3
        fi
        """
            .formatted(name, version, name));
  }

  private void release(String home, String version) throws IOException {
    String text = "IMPLEMENTOR=\"N/A\"\nJAVA_VERSION=\"" + version + "\"\nOS_ARCH=\"x86_64\"\n";
    Files.writeString(folder.resolve(home).resolve("release"), text);
  }

  private void byDefault(Path java) throws IOException {
    Files.createSymbolicLink(folder.resolve("path/java"), java);
  }

  private static Path executable(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Returns the exit code of the launcher, and what it and those it has started say. */
  private String started(String... environment) throws IOException, InterruptedException {
    Path said = folder.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", "-c", "exec \"$1\" 3>&1", "sh", launcher.toString());
    builder.environment().clear();
    builder.environment().put("PATH", folder.resolve("path").toString());
    if (environment.length > 0) {
      builder.environment().put(environment[0], environment[1]);
    }
    Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue() + " " + Files.readString(said, StandardCharsets.UTF_8);
  }
}

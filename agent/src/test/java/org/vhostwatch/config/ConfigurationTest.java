package org.vhostwatch.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {

  private Path file = Path.of("");

  @BeforeEach
  void folder(@TempDir Path folder) {
    file = folder.resolve("vhostwatch.conf");
  }

  @Test
  void commentsBlanksAndLineEndsOfOtherSystemsSayNothing() throws IOException {
    Configuration.Found found =
        read("\ufeff# confirm = 9s\r\n\r\n \t confirm\t=  5s \t# five\r\n#\nlisten=[::1]:1");
    assertThat(texts(found.problems())).isEmpty();
    assertThat(found.configuration().get(Keys.CONFIRM)).isEqualTo(Duration.ofSeconds(5));
    assertThat(found.configuration().get(Keys.LISTEN).getPort()).isEqualTo(1);
    assertThat(found.configuration().setting(Keys.LISTEN).origin().text()).isEqualTo(file + ":5");
  }

  @Test
  void allProblemsAreToldAtOnceInTheOrderOfTheFile() throws IOException {
    Configuration.Found found =
        read(
            """
            cenus-period = 60s
            max-cpu = 2000
            confirm = 5s
            confirm = 5s
            just words
            Max_Memory = 1G
            something = else
            listen =
            mitigate-limit = 5
            """);
    assertThat(texts(found.problems()))
        .containsExactly(
            file + ":1: cenus-period: no such key; right may be census-period",
            file
                + ":2: max-cpu: '2000' is out of range; right is a whole percentage of one CPU,"
                + " from 1 to 1000, or 0 for none",
            file + ":4: confirm: said before, in " + file + ":3; right is once",
            file
                + ":5: just words: there is no =; right is key = value, or a comment that begins"
                + " with #",
            file + ":6: Max_Memory: no such key; right may be max-memory",
            file + ":7: something: no such key; vhostwatch.conf(5) lists all keys",
            file
                + ":8: listen: there is no value; right is an address and a port such as"
                + " 127.0.0.1:19739 or [::1]:19739",
            file
                + ":9: mitigate-limit: it is for auto-mitigate, which nothing turns on; right is"
                + " auto-mitigate = yes beside it, or = no to keep it for later");
    assertThat(found.configuration().get(Keys.CONFIRM)).isEqualTo(Duration.ofSeconds(5));
    assertThat(found.configuration().get(Keys.MAX_CPU)).isEqualTo(20);
  }

  @Test
  void whatCannotBothBeMeantIsOneSourceOrTwo() throws IOException {
    assertThat(read("auto-mitigate = no\nmitigate-limit = 5").problems()).isEmpty();
    assertThat(read("auto-mitigate = yes\nmitigate-cooldown = 5s").problems()).isEmpty();
    Files.writeString(file, "mitigate-cooldown = 5s");
    assertThat(find(Map.of(Keys.AUTO_MITIGATE, "yes"), Map.of()).problems()).isEmpty();
    Files.writeString(file, "");
    assertThat(texts(find(Map.of(), Map.of("VHOSTWATCH_MITIGATE_LIMIT", "5")).problems()))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("environment VHOSTWATCH_MITIGATE_LIMIT: mitigate-limit: it is for");
  }

  @Test
  void whatIsOutdoneMustBeRightAsWell() throws IOException {
    Files.writeString(file, "confirm = soon");
    Configuration.Found found =
        find(Map.of(Keys.CONFIRM, "5s"), Map.of("VHOSTWATCH_CONFIRM", "late"));
    assertThat(texts(found.problems()))
        .extracting(text -> text.substring(0, text.indexOf(';')))
        .containsExactly(
            file + ":1: confirm: 'soon' is not a time",
            "environment VHOSTWATCH_CONFIRM: confirm: 'late' is not a time");
    assertThat(found.configuration().get(Keys.CONFIRM)).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void anEmptyVariableSaysNothingAndOneThatIsNearlyOursIsAMistake() throws IOException {
    Files.writeString(file, "confirm = 5s");
    Map<String, String> environment =
        Map.of(
            "VHOSTWATCH_CONFIRM", "",
            "VHOSTWATCH_CENSUS_PERIDO", "5m",
            "VHOSTWATCH_JAVA", "/usr/bin/java",
            "VHOSTWATCH_JAVA_OPTS", "-Xmx1g",
            "VHOSTWATCH_OPTIONS", "--confirm 3s",
            "LISTEN", "1");
    Configuration.Found found = find(Map.of(), environment);
    assertThat(texts(found.problems()))
        .containsExactly(
            "environment VHOSTWATCH_CENSUS_PERIDO: no such variable; right may be"
                + " VHOSTWATCH_CENSUS_PERIOD");
    assertThat(found.configuration().get(Keys.CONFIRM)).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void onlyAFileThatNobodyNamedMayBeAbsent() {
    assertThat(Configuration.find(Map.of(), Map.of(), file, true).problems()).isEmpty();
    Configuration.Found named = Configuration.find(Map.of(), Map.of(), file, false);
    assertThat(named.read()).isFalse();
    assertThat(texts(named.problems()))
        .containsExactly(
            file
                + ": cannot be read: there is no such file; name a file that is there and may be"
                + " read, or none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-rw-r--", "rw-r--rw-"})
  void aFileThatOthersMayWriteIsNotRead(String mode) throws IOException {
    Files.writeString(file, "confirm = 5s");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    Configuration.Found found = find(Map.of(), Map.of());
    assertThat(texts(found.problems()))
        .containsExactly(
            file
                + ": writable by others; run chmod go-w on it; only root, or who runs this, may be"
                + " able to change it");
    assertThat(found.configuration().get(Keys.CONFIRM)).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void norOneInAFolderWhereOthersCanPutAnother(@TempDir Path folder) throws IOException {
    file = folder.resolve("vhostwatch.conf");
    Files.writeString(file, "confirm = 5s");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(texts(find(Map.of(), Map.of()).problems()))
        .first()
        .asString()
        .startsWith(file + ": its folder is writable by others");
  }

  @Test
  void norOneOfAnotherUser() throws IOException {
    Files.writeString(file, "confirm = 5s");
    Files.setAttribute(file, "unix:uid", 65534);
    assertThat(texts(find(Map.of(), Map.of()).problems()))
        .first()
        .asString()
        .startsWith(file + ": owned by user 65534; make root its owner");
  }

  @Test
  void aLinkIsAsGoodAsWhatItLeadsTo(@TempDir Path elsewhere) throws IOException {
    Path target = elsewhere.resolve("real");
    Files.writeString(target, "confirm = 5s");
    Files.createSymbolicLink(file, target);
    assertThat(find(Map.of(), Map.of()).configuration().get(Keys.CONFIRM))
        .isEqualTo(Duration.ofSeconds(5));
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThat(find(Map.of(), Map.of()).problems()).hasSize(1);
  }

  @Test
  void whatIsNoPlainFileIsNotOpened() {
    // To open a pipe that nobody writes to would wait for ever.
    for (Path special : List.of(Path.of("/dev/zero"), file.toAbsolutePath().resolveSibling("."))) {
      assertThat(texts(Configuration.find(Map.of(), Map.of(), special, false).problems()))
          .containsExactly(special + ": not a plain file; right is a file of lines key = value");
    }
  }

  @Test
  void aFileWithoutEndIsNotReadToItsEnd() throws IOException {
    Files.writeString(file, "# ".repeat(200_000));
    assertThat(texts(find(Map.of(), Map.of()).problems()))
        .containsExactly(file + ": longer than 262144 bytes; no configuration is");
  }

  @Test
  void whatIsNotUtf8OrActsOnATerminalIsShownHarmless() throws IOException {
    byte[] odd =
        "confirm = 5s\nk\u001b[2J\u202e = x\nlisten = a\u0007:1\n?"
            .getBytes(StandardCharsets.UTF_8);
    odd[odd.length - 1] = (byte) 0xff;
    Files.write(file, odd);
    Configuration.Found found = find(Map.of(), Map.of());
    assertThat(texts(found.problems()))
        .containsExactly(
            file + ":2: k\\u{1b}[2J\\u{202e}: no such key; vhostwatch.conf(5) lists all keys",
            file
                + ":3: listen: 'a\\u{7}:1' is not an address of a host; right is "
                + Keys.LISTEN.kind().right(),
            file + ":4: not UTF-8; save the file as UTF-8");
    assertThat(found.configuration().get(Keys.CONFIRM)).isEqualTo(Duration.ofSeconds(5));
  }

  /** At boot the host may have no network yet: that is no mistake in the file. */
  @Test
  void aNameToListenOnIsNotAskedFor() throws IOException {
    Configuration.Found found = read("listen = no-such-host.invalid:1");
    assertThat(found.problems()).isEmpty();
    assertThat(found.configuration().get(Keys.LISTEN).isUnresolved()).isTrue();
    assertThat(found.configuration().get(Keys.LISTEN).getHostString())
        .isEqualTo("no-such-host.invalid");
  }

  @Test
  void aReloadTakesOverWhatCanChangeAndKeepsTheRest() throws IOException {
    Configuration before = read("confirm = 5s\nlisten = 127.0.0.1:1\nmax-cpu = 10").configuration();
    Configuration after =
        read("confirm = 6s\nlisten = 127.0.0.1:2\nmax-cpu = 10\n").configuration();
    Configuration.Reload reload = before.reload(after);
    assertThat(reload.changed())
        .extracting(change -> change.before().text() + " " + change.after().text())
        .containsExactly("5s 6s");
    assertThat(reload.kept())
        .extracting(change -> change.before().text() + " " + change.after().text())
        .containsExactly("127.0.0.1:1 127.0.0.1:2");
    assertThat(reload.next().get(Keys.CONFIRM)).isEqualTo(Duration.ofSeconds(6));
    assertThat(reload.next().get(Keys.LISTEN).getPort()).isEqualTo(1);
    // What was kept is kept again, and said again.
    assertThat(reload.next().reload(after).kept()).hasSize(1);
    assertThat(reload.next().reload(after).changed()).isEmpty();
  }

  @Test
  void aPasswordIsNotDroppedOnTheWayToAnotherAddress() throws IOException {
    Configuration before = read("listen = 192.0.2.1:1\nauth-file = /users").configuration();
    Configuration elsewhere = read("listen = 127.0.0.1:1").configuration();
    assertThat(before.reload(elsewhere).next().get(Keys.AUTH_FILE)).isPresent();
    assertThat(before.reload(elsewhere).changed()).isEmpty();
    assertThat(before.reload(elsewhere).kept())
        .extracting(change -> change.before().key().name())
        .containsExactly("listen", "auth-file");
    // Who stays where he is means it, and who names other users has not opened anything.
    Configuration open = read("listen = 192.0.2.1:1").configuration();
    assertThat(before.reload(open).next().get(Keys.AUTH_FILE)).isEmpty();
    Configuration others = read("listen = 127.0.0.1:1\nauth-file = /others").configuration();
    assertThat(before.reload(others).next().get(Keys.AUTH_FILE)).contains(Path.of("/others"));
  }

  @Test
  void theSameInOtherWordsIsNoChange() throws IOException {
    Configuration before = read("confirm = 60s\nmax-memory = 1G").configuration();
    Configuration after = read("max-memory = 1024M\n\nconfirm = 1m").configuration();
    Configuration.Reload reload = before.reload(after);
    assertThat(reload.changed()).isEmpty();
    assertThat(reload.next().setting(Keys.CONFIRM).origin().line()).isEqualTo(3);
  }

  @Test
  void namesOfKeysAreOptionsAndVariablesAndNoneIsTaken() {
    Set<String> names = new HashSet<>(Set.of("config", "help", "verbose", "version"));
    Set<String> variables = new HashSet<>(Set.of("JAVA", "JAVA_OPTS", "OPTIONS", "HOME"));
    for (Key<?> key : Keys.ALL) {
      assertThat(key.name()).matches("[a-z]+(-[a-z]+)*");
      assertThat(names.add(key.name())).as(key.name()).isTrue();
      assertThat(key.variable()).matches("VHOSTWATCH_[A-Z_]+");
      assertThat(variables.add(key.variable().substring("VHOSTWATCH_".length()))).isTrue();
      assertThat(key.sentence()).matches("[A-Z][^.%]+[^.;: ]");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"census-perio", "cenus-period", "cens-period", "ccensus-period", "census-peroid"})
  void twoSlipsAreNear(String typed) {
    assertThat(Nearest.to(typed, Keys.ALL.stream().map(Key::name).toList()))
        .contains("census-period");
  }

  @Test
  void moreAreNot() {
    List<String> names = Keys.ALL.stream().map(Key::name).toList();
    for (String typed : List.of("", "x", "period", "census-period-max", "y".repeat(100_000))) {
      assertThat(Nearest.to(typed, names)).as(typed).isEmpty();
    }
  }

  private Configuration.Found read(String content) throws IOException {
    Files.writeString(file, content);
    return find(Map.of(), Map.of());
  }

  private Configuration.Found find(
      Map<Key<?>, String> commandLine, Map<String, String> environment) {
    return Configuration.find(commandLine, environment, file, false);
  }

  private static List<String> texts(List<Problem> problems) {
    return problems.stream().map(Problem::text).toList();
  }
}

package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.vhostwatch.mitigate.Mitigator.By.DAEMON;
import static org.vhostwatch.mitigate.Mitigator.By.OPERATOR;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.libc.Ethtool;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.Feature;
import org.vhostwatch.libc.Interfaces;
import org.vhostwatch.libc.NetNamespace;
import org.vhostwatch.libc.TestTap;
import org.vhostwatch.mitigate.TapResult.Outcome;
import org.vhostwatch.state.StateDirectory;

/** With taps of the kernel, where there is the driver and we may use it. */
class MitigatorTest {
  private static final String NAME = "vwmit" + ProcessHandle.current().pid() % 100_000;
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path folder;

  @SuppressWarnings("NullAway.Init") // set before each test
  private TestTap tap;

  @SuppressWarnings("NullAway.Init") // set before each test
  private Fd socket;

  @BeforeEach
  void makeATapThatAVmmUses() throws IOException {
    assumeThat(Files.isWritable(Path.of("/dev/net/tun"))).isTrue();
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    tap = TestTap.create(NAME);
    tap.offload();
    socket = Interfaces.socket("test");
  }

  @AfterEach
  void removeIt() throws IOException {
    if (tap != null) {
      tap.close();
      socket.close();
    }
  }

  @Test
  void aDryRunSaysEachChangeAndChangesNothing() throws Exception {
    List<Feature> before = features(NAME);
    List<TapResult> results = mitigator().plan(List.of(target()), false);
    assertThat(results).hasSize(1);
    assertThat(results.get(0).outcome()).isEqualTo(Outcome.WOULD_CHANGE);
    assertThat(results.get(0).changes())
        .contains(
            new Change("tx-generic-segmentation", true, false, false),
            new Change("tx-scatter-gather", true, false, false),
            new Change("tx-tcp-segmentation", true, false, false),
            new Change("tx-tcp6-segmentation", true, false, false));
    assertThat(features(NAME)).isEqualTo(before);
    assertThat(journal()).doesNotExist();
  }

  @Test
  void whatIsAppliedIsUndoneExactly() throws Exception {
    List<Feature> before = features(NAME);
    TapResult applied = apply(OPERATOR);
    assertThat(applied.outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(applied.changes()).allMatch(Change::done);
    assertThat(active("tx-tcp-segmentation")).isFalse();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(journal())))
        .isEqualTo("rw-------");
    assertThat(undo().outcome()).isEqualTo(Outcome.RESTORED);
    assertThat(features(NAME)).isEqualTo(before);
    assertThat(mitigator().undo(any -> true)).isEmpty();
  }

  @Test
  void tcpStaysCutWhenTheVmmRequestsSegmentationAnew() throws Exception {
    apply(OPERATOR);
    tap.offload();
    assertThat(active("tx-tcp-segmentation")).isFalse();
    assertThat(active("tx-tcp6-segmentation")).isFalse();
  }

  @Test
  void theFirstOriginalIsKeptWhateverIsAppliedAfterIt() throws Exception {
    List<Feature> before = features(NAME);
    apply(OPERATOR);
    tap.offload();
    assertThat(apply(OPERATOR).outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(apply(OPERATOR).outcome()).isEqualTo(Outcome.NOTHING_TO_DO);
    assertThat(undo().outcome()).isEqualTo(Outcome.RESTORED);
    assertThat(features(NAME)).isEqualTo(before);
  }

  @Test
  void whenItCannotBeRememberedNothingIsChanged() throws Exception {
    List<Feature> before = features(NAME);
    Path file = Files.createFile(folder.resolve("file"));
    Mitigator mitigator = new Mitigator(new StateDirectory(file.resolve("state")), LIMIT);
    assertThatThrownBy(() -> mitigator.apply(List.of(target()), false, OPERATOR))
        .isInstanceOf(IOException.class);
    assertThat(features(NAME)).isEqualTo(before);
  }

  @Test
  void aRenamedTapIsFoundByItsIndex() throws Exception {
    List<Feature> before = features(NAME);
    apply(OPERATOR);
    String other = NAME + "x";
    tap.rename(other);
    TapResult undone = undo();
    assertThat(undone.name()).isEqualTo(other);
    assertThat(undone.outcome()).isEqualTo(Outcome.RESTORED);
    assertThat(undone.notes()).containsExactly("it was called " + NAME);
    assertThat(features(other)).isEqualTo(before);
  }

  @Test
  void norIfTheNameGoesToAnotherAfterItWasFound() throws Exception {
    try (TapDevice found = Objects.requireNonNull(TapDevice.find(ownNetns(), 0, index(), NAME))) {
      tap.rename(NAME + "x");
      try (TestTap other = TestTap.create(NAME)) {
        other.offload();
        List<Feature> before = features(NAME);
        assertThatThrownBy(found::features).hasMessage("its name went to another tap");
        assertThatThrownBy(() -> found.request(Map.of("tx-scatter-gather", false)))
            .hasMessage("its name went to another tap");
        assertThat(features(NAME)).isEqualTo(before);
      }
    }
  }

  @Test
  void anotherTapOfTheSameNameIsNotTouched() throws Exception {
    apply(OPERATOR);
    tap.close();
    tap = TestTap.create(NAME);
    List<Feature> before = features(NAME);
    assertThat(undo().outcome()).isEqualTo(Outcome.GONE);
    assertThat(features(NAME)).isEqualTo(before);
    assertThat(mitigator().undo(any -> true)).isEmpty();
  }

  @Test
  void theDaemonLeavesATapAloneThatAnOperatorTookBack() throws Exception {
    assertThat(apply(DAEMON).outcome()).isEqualTo(Outcome.CHANGED);
    undo();
    List<Feature> before = features(NAME);
    assertThat(apply(DAEMON).outcome()).isEqualTo(Outcome.LEFT_ALONE);
    assertThat(features(NAME)).isEqualTo(before);
    assertThat(apply(OPERATOR).outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(undo().outcome()).isEqualTo(Outcome.RESTORED);
    assertThat(features(NAME)).isEqualTo(before);
  }

  @Test
  void whatCannotBeNotedIsNotRestored() throws Exception {
    apply(OPERATOR);
    List<Feature> mitigated = features(NAME);
    assertThatThrownBy(() -> mitigator().undo(any -> nobodyTrustsTheState()))
        .hasMessageContaining(state().toString());
    assertThat(features(NAME)).isEqualTo(mitigated);
  }

  @Test
  void whatWasRestoredIsNotedBeforeTheNextAndSaidWhenThatFails() throws Exception {
    List<Feature> before = features(NAME);
    try (TestTap second = TestTap.create(NAME + "b");
        TestTap third = TestTap.create(NAME + "c")) {
      for (TestTap each : List.of(second, third)) {
        each.offload();
      }
      mitigator()
          .apply(List.of(target(), target(second.name()), target(third.name())), false, OPERATOR);
      List<TapResult> results =
          mitigator().undo(tap -> tap.tap().equals(NAME) || nobodyTrustsTheState());
      assertThat(results)
          .extracting(TapResult::outcome)
          .containsExactly(Outcome.RESTORED, Outcome.FAILED, Outcome.FAILED);
      assertThat(results.get(1).message()).startsWith("restored, but not noted: ");
      assertThat(results.get(1).changes()).isNotEmpty().allMatch(Change::done);
      assertThat(results.get(2).message()).startsWith("not tried: ");
      assertThat(features(second.name())).isEqualTo(before);
      assertThat(features(third.name())).isNotEqualTo(before);
      Files.setPosixFilePermissions(state(), PosixFilePermissions.fromString("rwx------"));
      assertThat(mitigator().remembered())
          .extracting(Mitigator.Named::tap)
          .containsExactly(second.name(), third.name());
      assertThat(apply(DAEMON).outcome()).isEqualTo(Outcome.LEFT_ALONE);
      assertThat(mitigator().undo(any -> true))
          .extracting(TapResult::outcome)
          .containsExactly(Outcome.RESTORED, Outcome.RESTORED);
    }
  }

  /** From now on the state folder is not written: others could have put something into it. */
  private boolean nobodyTrustsTheState() {
    try {
      Files.setPosixFilePermissions(state(), PosixFilePermissions.fromString("rwxrwxrwx"));
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aTapOfAnEarlierBootIsGone() throws Exception {
    apply(OPERATOR);
    String text = Files.readString(journal());
    String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    assertThat(text).contains(boot);
    Files.writeString(journal(), text.replace(boot, "00000000-0000-0000-0000-000000000000"));
    assertThat(undo().message()).contains("booted since");
    assertThat(active("tx-tcp-segmentation")).isFalse();
  }

  @Test
  void aDamagedJournalIsNotWrittenOver() throws Exception {
    apply(OPERATOR);
    String text = Files.readString(journal());
    for (String damaged :
        List.of(
            "",
            "{}",
            text.substring(0, text.length() / 2),
            text.replace("journal/1", "journal/2"),
            text.replace("\"ifindex\" : ", "\"ifindex\" : \"x"))) {
      Files.writeString(journal(), damaged);
      assertThatThrownBy(() -> apply(OPERATOR)).hasMessageContaining("mitigation.json");
      assertThatThrownBy(this::undo).hasMessageContaining("mitigation.json");
      assertThat(journal()).hasContent(damaged);
    }
  }

  @Test
  void whatCannotLivelockIsLeftAsItIsUnlessForced() throws Exception {
    Target target =
        new Target(NAME, index(), ownNetns(), 0, "vm", false, "", true, false, List.of());
    assertThat(mitigator().plan(List.of(target), false).get(0).outcome())
        .isEqualTo(Outcome.NOT_EXPOSED);
    assertThat(mitigator().plan(List.of(target), true).get(0).outcome())
        .isEqualTo(Outcome.WOULD_CHANGE);
  }

  @Test
  void whatComesWithTheStartOfTheGuestsDriverIsSaid() throws Exception {
    Target down = new Target(NAME, index(), ownNetns(), 0, "vm", false, "", false, true, List.of());
    assertThat(apply(OPERATOR, down).notes())
        .singleElement()
        .asString()
        .contains("not up", "run this again");
    assertThat(apply(OPERATOR).notes()).isEmpty();
  }

  @Test
  void aMacvtapIsSaidToNeedSomethingElse() throws Exception {
    Target target =
        new Target(NAME, index(), ownNetns(), 0, "vm", true, "eno1", true, true, List.of());
    TapResult result = mitigator().plan(List.of(target), false).get(0);
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("gro and lro off on eno1");
  }

  @Test
  void norIsItChangedByForce() throws Exception {
    Process inhabitant =
        inhabitantOfANamespace(
            "ip tuntap add low0 mode tap && ip link add link low0 name mv0 type macvtap");
    try {
      Target macvtap =
          new Target("mv0", 0, netns(inhabitant), 0, "vm", true, "low0", true, true, List.of());
      TapResult result = mitigator().apply(List.of(macvtap), true, OPERATOR).get(0);
      assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
      assertThat(result.message()).contains("gro and lro off on low0");
      assertThat(result.requested()).isFalse();
      assertThat(journal()).doesNotExist();
    } finally {
      inhabitant.destroyForcibly().waitFor();
    }
  }

  @Test
  void oneTapThatIsGoneDoesNotStopTheOthers() throws Exception {
    Target gone =
        new Target("vwgone", 999_999, ownNetns(), 0, "vm", false, "", true, true, List.of());
    List<TapResult> results = mitigator().apply(List.of(gone, target()), false, OPERATOR);
    assertThat(results)
        .extracting(TapResult::outcome)
        .containsExactly(Outcome.GONE, Outcome.CHANGED);
    assertThat(results.get(0).message()).isEqualTo("it is gone");
  }

  @Test
  void whatMayBeElsewhereIsNotGone() throws Exception {
    for (Target elsewhere :
        List.of(
            new Target("vwgone", 999_999, 1, 0, "vm", false, "", true, true, List.of()),
            new Target("vwgone", 999_999, 0, 0, "vm", false, "", true, true, List.of()),
            new Target("vwgone", 0, ownNetns(), 0, "vm", false, "", true, true, List.of()))) {
      TapResult result = apply(OPERATOR, elsewhere);
      assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
      assertThat(result.message()).contains("network namespace");
    }
  }

  @Test
  void aTapInANamespaceOfItsOwnIsFoundThere() throws Exception {
    Process inhabitant = inhabitantOfANamespaceWith("far0");
    try {
      long netns = netns(inhabitant);
      // Neither the process nor the index is known: any process there leads to it.
      Target far = new Target("far0", 0, netns, 0, "vm", false, "", true, true, List.of());
      TapResult applied = mitigator().apply(List.of(far), false, OPERATOR).get(0);
      assertThat(applied.outcome()).isEqualTo(Outcome.CHANGED);
      assertThat(applied.netns()).isEqualTo(netns).isNotEqualTo(ownNetns());
      assertThat(undo().outcome()).isEqualTo(Outcome.RESTORED);
      apply(OPERATOR, far);
      inhabitant.destroyForcibly().waitFor();
      assertThat(undo().outcome()).isEqualTo(Outcome.GONE);
    } finally {
      inhabitant.destroyForcibly().waitFor();
    }
  }

  @Test
  void aTapKnownByNameAloneIsFoundWhereItsProcessIs() throws Exception {
    Process inhabitant = inhabitantOfANamespaceWith("far0");
    try {
      TapResult applied = apply(OPERATOR, heldBy(inhabitant, "far0"));
      assertThat(applied.outcome()).isEqualTo(Outcome.CHANGED);
      assertThat(applied.netns()).isNotEqualTo(ownNetns());
    } finally {
      inhabitant.destroyForcibly().waitFor();
    }
  }

  @Test
  void orWhereWeAreIfTheProcessGotItFromHere() throws Exception {
    Process inhabitant = inhabitantOfANamespaceWith("far0");
    try {
      TapResult applied = apply(OPERATOR, heldBy(inhabitant, NAME));
      assertThat(applied.outcome()).isEqualTo(Outcome.CHANGED);
      assertThat(applied.netns()).isEqualTo(ownNetns());
    } finally {
      inhabitant.destroyForcibly().waitFor();
    }
  }

  @Test
  void withOneOfThatNameInBothNeitherIsTouched() throws Exception {
    List<Feature> before = features(NAME);
    Process inhabitant = inhabitantOfANamespaceWith(NAME);
    try {
      TapResult applied = apply(OPERATOR, heldBy(inhabitant, NAME));
      assertThat(applied.outcome()).isEqualTo(Outcome.FAILED);
      assertThat(applied.message())
          .contains("ambiguous", "process " + inhabitant.pid(), "without a census");
      assertThat(features(NAME)).isEqualTo(before);
      assertThat(journal()).doesNotExist();
    } finally {
      inhabitant.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatIsNoTapIsRefused() throws Exception {
    Target loopback = new Target("lo", 1, ownNetns(), 0, "vm", false, "", true, true, List.of());
    TapResult result = mitigator().apply(List.of(loopback), true, OPERATOR).get(0);
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("lo is not a tap");
    assertThat(result.requested()).isFalse();
    assertThat(journal()).doesNotExist();
  }

  @Test
  void aTapThatIsCalledOtherwiseThanItWasSeenIsRefused() throws Exception {
    Target other =
        new Target("vnet7", index(), ownNetns(), 0, "vm", false, "", true, true, List.of());
    TapResult result = apply(OPERATOR, other);
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("is called " + NAME + " now");
    assertThat(journal()).doesNotExist();
  }

  @Test
  void whatIsGoneIsForgottenWhenTheNextTapIsRemembered() throws Exception {
    String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    Entry lost = JournalTest.entry(boot, 1, 1, 5, "out of sight");
    Journal remembered = new Journal(new StateDirectory(folder.resolve("state")));
    remembered.write(
        List.of(
            JournalTest.entry("another-boot", ownNetns(), 0, 1, "booted since"),
            lost,
            JournalTest.entry(boot, ownNetns(), 0, 999_999, "gone")));
    assertThat(apply(OPERATOR).outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(remembered.read()).hasSize(2).startsWith(lost);
    assertThat(remembered.read().get(1).name()).isEqualTo(NAME);
  }

  @Test
  void whatCouldNotBeReadAgainIsRefusedBeforeAnythingIsChanged() throws Exception {
    String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    Journal remembered = new Journal(new StateDirectory(folder.resolve("state")));
    // As if of the loopback interface: that is there, so nobody forgets them.
    List<Entry> full =
        Collections.nCopies(
            Journal.MAX_ENTRIES, JournalTest.entry(boot, ownNetns(), 0, 1, "there"));
    remembered.write(full);
    List<Feature> before = features(NAME);
    assertThatThrownBy(() -> apply(OPERATOR)).hasMessageContaining("could not be read again");
    assertThat(features(NAME)).isEqualTo(before);
    assertThat(remembered.read()).isEqualTo(full);
  }

  private static Target heldBy(Process process, String name) {
    return new Target(name, 0, 0, (int) process.pid(), "vm", false, "", true, true, List.of());
  }

  private static Process inhabitantOfANamespaceWith(String tap) throws IOException {
    return inhabitantOfANamespace("ip tuntap add " + tap + " mode tap vnet_hdr");
  }

  /** A process in a namespace of its own; the test is left out if that cannot be made. */
  private static Process inhabitantOfANamespace(String devices) throws IOException {
    Path unshare = Path.of("/usr/bin/unshare");
    assumeThat(unshare).isExecutable();
    assumeThat(Path.of("/usr/sbin/ip")).isExecutable();
    // One process only: a child of the shell would keep the namespace for a moment longer.
    String script = "PATH=/usr/sbin:$PATH; " + devices + " && echo ready && exec cat";
    Process inhabitant =
        new ProcessBuilder(unshare.toString(), "-n", "/bin/sh", "-c", script).start();
    assumeThat(inhabitant.inputReader().readLine()).isEqualTo("ready");
    return inhabitant;
  }

  private static long netns(Process inhabitant) throws IOException {
    return NetNamespace.inodeAt(Path.of("/proc/" + inhabitant.pid() + "/ns/net"));
  }

  private Path state() {
    return folder.resolve("state");
  }

  private Mitigator mitigator() {
    return new Mitigator(new StateDirectory(state()), LIMIT);
  }

  private TapResult apply(Mitigator.By by) throws Exception {
    return apply(by, target());
  }

  private TapResult apply(Mitigator.By by, Target target) throws Exception {
    return mitigator().apply(List.of(target), false, by).get(0);
  }

  private TapResult undo() throws Exception {
    List<TapResult> results = mitigator().undo(any -> true);
    assertThat(results).hasSize(1);
    return results.get(0);
  }

  private Target target() throws IOException {
    return target(NAME);
  }

  private Target target(String name) throws IOException {
    int index = Interfaces.index(socket, name);
    return new Target(name, index, ownNetns(), 0, "vm", false, "", true, true, List.of());
  }

  private int index() throws IOException {
    return Interfaces.index(socket, NAME);
  }

  private static long ownNetns() throws IOException {
    return NetNamespace.inodeAt(Path.of("/proc/self/ns/net"));
  }

  private Path journal() {
    return folder.resolve("state/mitigation.json");
  }

  private List<Feature> features(String name) throws IOException {
    return Ethtool.features(socket, name);
  }

  private boolean active(String feature) throws IOException {
    return features(NAME).stream()
        .filter(each -> each.name().equals(feature))
        .anyMatch(Feature::active);
  }
}

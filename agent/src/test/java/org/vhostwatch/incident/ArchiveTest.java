package org.vhostwatch.incident;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.log.Logging;
import org.vhostwatch.state.StateDirectory;

class ArchiveTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path temporary;

  private final BlockingQueue<Stored> loaded = new ArrayBlockingQueue<>(10);
  private final LogRing log = LogRing.attach();

  @BeforeEach
  void nothingWasSaidBefore() {
    Logging.finish();
  }

  private Archive archive(Path folder, Archive.Limits limits) {
    Archive archive = new Archive(new StateDirectory(folder), limits, loaded::add);
    archive.start();
    return archive;
  }

  private static Incident incident(int number, Incident.State state) {
    long wall = 1_795_000_000_000L + number * 1000L;
    String id = String.format("20261123T%06dZ-0a1b2c3d", number);
    return IncidentSamples.full(id, "web01", "vnet3", state, wall);
  }

  /** An incident that an agent before this one has left. */
  private static Incident left(Path folder) throws IOException {
    Incident old = incident(1, Incident.State.OPEN);
    new StateDirectory(folder)
        .write(old.id() + ".json", IncidentJson.of(old).getBytes(StandardCharsets.UTF_8));
    return old;
  }

  private static void await(BooleanSupplier so) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private List<String> names(Path folder) throws IOException {
    return new StateDirectory(folder).names();
  }

  @Test
  void whatIsHandedInIsOnDiskWhenTheArchiveIsClosedAndReadAtTheNextStart() throws Exception {
    Path folder = temporary.resolve("incidents");
    Incident incident = incident(1, Incident.State.OPEN);
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      assertThat(loaded.poll(30, TimeUnit.SECONDS)).isEqualTo(new Stored(List.of(), List.of()));
      archive.put(incident, "recorded".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(names(folder))
        .containsExactly(incident.id() + ".json", incident.id() + ".recording");
    for (String name : names(folder)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
          .isEqualTo("rw-------");
    }
    try (Archive next = archive(folder, Archive.Limits.DEFAULT)) {
      Stored stored = loaded.poll(30, TimeUnit.SECONDS);
      assertThat(stored).isNotNull();
      assertThat(stored.incidents()).extracting(Incident::id).containsExactly(incident.id());
      assertThat(stored.incidents().get(0).recorded()).isTrue();
      assertThat(next.writeFailures()).isZero();
    }
  }

  @Test
  void ofSeveralVersionsTheLastIsOnDisk() throws Exception {
    Path folder = temporary.resolve("incidents");
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      for (int i = 0; i < 100; i++) {
        archive.put(incident(1, Incident.State.OPEN).withLog(List.of("line " + i)));
      }
    }
    assertThat(Stored.read(new StateDirectory(folder)).incidents())
        .extracting(Incident::log)
        .containsExactly(List.of("line 99"));
  }

  @Test
  void whatCannotBeWrittenIsSaidOnceCountedAndWrittenLater() throws Exception {
    // A file where the folder should be: as unwritable as a full disk, for root too.
    Path folder = temporary.resolve("incidents");
    Files.writeString(folder, "in the way");
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      archive.put(incident(1, Incident.State.OPEN), new byte[100]);
      await(() -> archive.writeFailures() >= 2 && !said("cannot be written").isEmpty());
      assertThat(said("cannot be written")).hasSize(1);
      archive.put(incident(2, Incident.State.CLOSED));
      Files.delete(folder);
      await(() -> !said("are written to").isEmpty());
    }
    assertThat(names(folder)).hasSize(3);
    assertThat(said("cannot be written")).hasSize(1);
    assertThat(said("are written to")).hasSize(1);
  }

  @Test
  void whatCannotBeReadAtTheStartIsHandedInWhenItCan() throws Exception {
    Path elsewhere = temporary.resolve("elsewhere");
    Incident old = left(elsewhere);
    Path folder = Files.writeString(temporary.resolve("incidents"), "in the way");
    try (Archive archive = archive(folder, new Archive.Limits(1, 1 << 20))) {
      await(() -> !said("cannot be read yet").isEmpty());
      assertThat(loaded).isEmpty();
      Files.delete(folder);
      Files.move(elsewhere, folder);
      // Were the limit to count before it is known what is open, the old one would go.
      archive.put(incident(2, Incident.State.OPEN));
      Stored stored = loaded.poll(30, TimeUnit.SECONDS);
      assertThat(stored).isNotNull();
      assertThat(stored.incidents()).extracting(Incident::id).contains(old.id());
      assertThat(said("cannot be read yet")).hasSize(1);
    }
    assertThat(names(folder)).hasSize(2);
  }

  @Test
  void whatCannotBeRemovedKeepsNobodyFromReadingTheRest() throws Exception {
    Path folder = temporary.resolve("incidents");
    Incident old = left(folder);
    // Cannot be deleted, by root either.
    Files.createDirectories(folder.resolve(".unfinished-1/in-it"));
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      Stored stored = loaded.poll(30, TimeUnit.SECONDS);
      assertThat(stored).isNotNull();
      assertThat(stored.incidents()).extracting(Incident::id).containsExactly(old.id());
      assertThat(archive.writeFailures()).isZero();
    }
  }

  @Test
  void aRecordingThatCannotBeWrittenKeepsItsRecordFromNothing() throws Exception {
    Path folder = temporary.resolve("incidents");
    Incident incident = incident(1, Incident.State.OPEN);
    // In the way of the recording alone: as when that does not fit on the disk.
    Path inTheWay = folder.resolve(incident.id() + ".recording");
    Files.createDirectories(inTheWay.resolve("in-it"));
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      assertThat(archive.put(incident, new byte[100])).isTrue();
      await(() -> archive.writeFailures() >= 1);
      assertThat(Files.readString(folder.resolve(incident.id() + ".json")))
          .contains("\"recording\": null");
      archive.put(incident.withLog(List.of("later")));
      await(() -> archive.writeFailures() >= 2);
      Incident read = Stored.read(new StateDirectory(folder)).incidents().get(0);
      assertThat(read.log()).containsExactly("later");
      assertThat(read.recorded()).isFalse();
      Files.delete(inTheWay.resolve("in-it"));
      Files.delete(inTheWay);
      await(() -> !said("are written to").isEmpty());
    }
    assertThat(inTheWay).hasSize(100);
    assertThat(Files.readString(folder.resolve(incident.id() + ".json")))
        .contains("\"recording\": \"" + incident.id() + ".recording\"");
  }

  @Test
  void whatIsTooMuchGoesAlsoWhileSomethingCannotBeWritten() throws Exception {
    Path folder = temporary.resolve("incidents");
    StateDirectory directory = new StateDirectory(folder);
    for (int number = 1; number < 6; number++) {
      Incident old = incident(number, Incident.State.CLOSED);
      directory.write(old.id() + ".json", IncidentJson.of(old).getBytes(StandardCharsets.UTF_8));
    }
    Incident stuck = incident(9, Incident.State.OPEN);
    Files.createDirectories(folder.resolve(stuck.id() + ".recording/in-it"));
    try (Archive archive = archive(folder, new Archive.Limits(3, 1 << 20))) {
      archive.put(stuck, new byte[100]);
      await(() -> archive.writeFailures() >= 1 && list(folder).size() == 3);
    }
    assertThat(Stored.read(new StateDirectory(folder)).incidents())
        .extracting(Incident::id)
        .containsExactly(
            stuck.id(),
            incident(5, Incident.State.CLOSED).id(),
            incident(4, Incident.State.CLOSED).id());
  }

  @Test
  void whatIsHandedInLastIsWrittenThoughSomethingElseCannotBe() throws Exception {
    Path folder = temporary.resolve("incidents");
    Incident stuck = incident(1, Incident.State.OPEN);
    Files.createDirectories(folder.resolve(stuck.id() + ".recording/in-it"));
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      archive.put(stuck, new byte[100]);
      await(() -> archive.writeFailures() >= 1);
      archive.put(incident(2, Incident.State.INTERRUPTED));
    }
    assertThat(names(folder)).contains(incident(2, Incident.State.INTERRUPTED).id() + ".json");
  }

  private List<String> said(String words) {
    return log.lines(0, "", "", 0, 0).stream()
        .map(LogRing.Line::text)
        .filter(line -> line.contains(words))
        .toList();
  }

  @Test
  void whileNothingCanBeWrittenTheOldestClosedOnesAreGivenUp() throws Exception {
    Path folder = Files.writeString(temporary.resolve("incidents"), "in the way");
    try (Archive archive = archive(folder, new Archive.Limits(3, 1 << 20))) {
      archive.put(incident(1, Incident.State.OPEN));
      for (int number = 2; number < 8; number++) {
        archive.put(incident(number, Incident.State.CLOSED));
      }
      assertThat(archive.writeFailures()).isGreaterThanOrEqualTo(4);
      assertThat(said("incident-dropped")).isNotEmpty();
      Files.delete(folder);
      await(() -> Files.isDirectory(folder) && list(folder).size() == 3);
    }
    assertThat(Stored.read(new StateDirectory(folder)).incidents())
        .extracting(Incident::id)
        .containsExactly(
            incident(7, Incident.State.CLOSED).id(),
            incident(6, Incident.State.CLOSED).id(),
            incident(1, Incident.State.OPEN).id());
    assertThat(said("incident-dropped").size()).isLessThanOrEqualTo(4);
  }

  @Test
  void whatWaitsIsBoundedInCharactersAndSoAreOpenOnes() throws Exception {
    Path folder = Files.writeString(temporary.resolve("incidents"), "in the way");
    // Of one byte each, and shared: what is counted, not what it costs this test.
    String third = "x".repeat((int) (Archive.MAX_WAITING_CHARACTERS / 3));
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      for (int number = 1; number <= 5; number++) {
        archive.put(incident(number, Incident.State.OPEN).withLog(List.of(third)));
      }
      assertThat(archive.writeFailures()).isGreaterThanOrEqualTo(3);
      assertThat(said("incident-dropped")).isNotEmpty();
    }
  }

  private List<String> list(Path folder) {
    try {
      return names(folder);
    } catch (IOException e) {
      return List.of();
    }
  }

  @Test
  void theOldestClosedIncidentsGoFirst() throws Exception {
    Path folder = temporary.resolve("incidents");
    try (Archive archive = archive(folder, new Archive.Limits(3, 1 << 20))) {
      archive.put(incident(1, Incident.State.OPEN));
      for (int number = 2; number < 8; number++) {
        archive.put(incident(number, Incident.State.CLOSED), new byte[10]);
      }
    }
    assertThat(Stored.read(new StateDirectory(folder)).incidents())
        .extracting(Incident::id)
        .containsExactly(
            incident(7, Incident.State.CLOSED).id(),
            incident(6, Incident.State.CLOSED).id(),
            incident(1, Incident.State.OPEN).id());
    assertThat(names(folder)).hasSize(5);
  }

  @Test
  void allFilesTogetherAreBounded() throws Exception {
    Path folder = temporary.resolve("incidents");
    try (Archive archive = archive(folder, new Archive.Limits(200, 100_000))) {
      for (int number = 1; number < 10; number++) {
        archive.put(incident(number, Incident.State.CLOSED), new byte[30_000]);
      }
    }
    assertThat(names(folder).size()).isBetween(2, 6);
  }

  @Test
  void damagedForeignAndHugeFilesAreSaidInOneLineAndTheOthersRead() throws Exception {
    Path folder = temporary.resolve("incidents");
    StateDirectory directory = new StateDirectory(folder);
    Incident good = incident(1, Incident.State.CLOSED);
    byte[] whole = IncidentJson.of(good).getBytes(StandardCharsets.UTF_8);
    directory.write(good.id() + ".json", whole);
    directory.write("20261123T000009Z-0a1b2c3d.json", whole);
    directory.write(
        "20261123T000002Z-0a1b2c3d.json", java.util.Arrays.copyOf(whole, whole.length / 2));
    directory.write("20261123T000003Z-0a1b2c3d.json", new byte[0]);
    directory.write("20261123T000004Z-0a1b2c3d.json", new byte[2 << 20]);
    directory.write("notes.json", "{}".getBytes(StandardCharsets.UTF_8));
    directory.write("readme.txt", "hello".getBytes(StandardCharsets.UTF_8));
    Files.createDirectory(folder.resolve("20261123T000005Z-0a1b2c3d.json"));
    Stored stored = Stored.read(directory);
    assertThat(stored.incidents()).extracting(Incident::id).containsExactly(good.id());
    assertThat(stored.troubles()).hasSize(5).allMatch(trouble -> !trouble.contains("\n"));
  }

  @Test
  void whatAKilledAgentLeftUnfinishedIsRemoved() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("incidents"));
    Files.writeString(folder.resolve(".unfinished-123"), "half");
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      assertThat(loaded.poll(30, TimeUnit.SECONDS)).isNotNull();
      assertThat(archive.writeFailures()).isZero();
    }
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void anIncidentThatIsTooLongLosesItsLooksNotItself() throws Exception {
    Path folder = temporary.resolve("incidents");
    Incident incident = incident(1, Incident.State.OPEN);
    Look look = incident.looks().get(0);
    Look huge =
        new Look(
            Look.When.AFTER_1_MINUTE,
            look.wallMillis(),
            true,
            look.queue(),
            List.of("x".repeat(600_000)),
            look.surroundings());
    try (Archive archive = archive(folder, Archive.Limits.DEFAULT)) {
      archive.put(incident.withLooks(List.of(look, huge)));
    }
    assertThat(Stored.read(new StateDirectory(folder)).incidents().get(0).looks()).hasSize(1);
  }
}

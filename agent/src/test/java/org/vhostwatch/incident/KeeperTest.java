package org.vhostwatch.incident;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vhostwatch.incident.FakeHost.BOOT;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.CensusQueue;

class KeeperTest {

  private static final long VQ = 0xffff888012340000L;

  private final FakeHost host = new FakeHost();
  private final Keeper keeper = keeper();

  private static Keeper keeper() {
    return new Keeper(Keeper.Limits.with(Duration.ofSeconds(3)), "0.1.0", BOOT);
  }

  private Incident only() {
    assertThat(keeper.all()).hasSize(1);
    return keeper.all().get(0);
  }

  private void fourQueues() {
    for (int index = 0; index < 4; index++) {
      host.add(VQ + index * 0x10000L, "web01", "vnet3", 100, 110 + index, index);
    }
  }

  private void until(int seconds, java.util.function.BooleanSupplier so) {
    for (int i = 0; i < seconds && !so.getAsBoolean(); i++) {
      host.second(keeper);
    }
    assertThat(so.getAsBoolean()).as("within %s s", seconds).isTrue();
  }

  private boolean closed(Ending how) {
    return only().state() == Incident.State.CLOSED && only().how().equals(Optional.of(how));
  }

  @Test
  void aHealthyHostHasNoIncident() {
    fourQueues();
    host.second(keeper);
    assertThat(keeper.all()).isEmpty();
    assertThat(keeper.opened()).isZero();
  }

  @Test
  void aLivelockOfOneQueueIsAnIncidentOfThatQueueAndNoOther() {
    fourQueues();
    host.second(keeper);
    host.livelock(VQ + 0x20000);
    List<Keeper.Change> changes = host.second(keeper);
    assertThat(changes).extracting(Keeper.Change::what).containsExactly(Keeper.What.OPENED);
    QueueIdentity queue = only().queue();
    assertThat(queue.vm()).isEqualTo("web01");
    assertThat(queue.port().name()).isEqualTo("vnet3");
    assertThat(queue.port().queueIndex()).isEqualTo(2);
    assertThat(queue.port().exact()).isTrue();
    assertThat(queue.workerTid()).isEqualTo(112);
    assertThat(only().first().firstSign()).isEqualTo(only().first().confirmed() - 4000);
    assertThat(only().id()).matches(IncidentJson.ID);
  }

  @Test
  void severalLivelocksAtOnceAreOneIncidentEach() {
    fourQueues();
    host.livelock(VQ);
    host.livelock(VQ + 0x10000);
    host.livelock(VQ + 0x30000);
    host.second(keeper);
    assertThat(keeper.all()).extracting(i -> i.queue().port().queueIndex()).containsOnly(0, 1, 3);
    assertThat(keeper.all()).extracting(Incident::id).doesNotHaveDuplicates();
  }

  @Test
  void aRefillClosesItAsRefilledOnceACensusHasShownIt() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.refill(VQ);
    host.censuses = false;
    for (int i = 0; i < 10; i++) {
      host.second(keeper);
    }
    assertThat(only().state()).isEqualTo(Incident.State.OPEN);
    assertThat(keeper.wantsCensus()).isTrue();
    host.censuses = true;
    host.second(keeper);
    assertThat(closed(Ending.REFILLED)).isTrue();
    // The end is when it was seen to be over, not when the census told how.
    assertThat(only().ended() - only().first().confirmed()).isEqualTo(1000);
  }

  @Test
  void aDetachedBackendIsToldFromARefill() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.queue(VQ).verdict = Verdict.HEALTHY;
    host.queue(VQ).backend = CensusQueue.Backend.NONE;
    until(5, () -> closed(Ending.BACKEND_DETACHED));
  }

  @Test
  void aClosedDeviceIsToldFromAVmThatIsGone() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.queue(VQ).exists = false;
    host.queue(VQ).workerLives = false;
    until(5, () -> closed(Ending.DEVICE_CLOSED));
  }

  @Test
  void aVmThatIsGoneNeedsNoCensus() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.processes.remove(100);
    host.censuses = false;
    until(5, () -> closed(Ending.VM_GONE));
  }

  @Test
  void aPidThatIsAnothersNowIsAVmThatIsGone() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.queues.clear();
    host.processes.put(100, 9999L);
    host.censuses = false;
    until(5, () -> closed(Ending.VM_GONE));
  }

  @Test
  void aStoppedWorkerIsPausedAndWhatComesAfterIsTheSameIncident() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.queue(VQ).verdict = Verdict.STALLED;
    host.queue(VQ).stopped = true;
    until(5, () -> closed(Ending.PAUSED));
    host.pass(300);
    host.queue(VQ).stopped = false;
    host.livelock(VQ);
    List<Keeper.Change> changes = host.second(keeper);
    assertThat(changes).extracting(Keeper.Change::what).containsExactly(Keeper.What.REOPENED);
    assertThat(only().count()).isEqualTo(2);
    assertThat(only().state()).isEqualTo(Incident.State.OPEN);
    assertThat(only().occurrences())
        .extracting(Occurrence::how)
        .containsExactly(Optional.of(Ending.PAUSED), Optional.empty());
  }

  @Test
  void withoutACensusItEndsAsUnknownWhenThePatienceDoes() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.refill(VQ);
    host.censuses = false;
    until(190, () -> closed(Ending.UNKNOWN));
  }

  @Test
  void anUnknownVerdictSaysNothingAboutAnEnd() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.queue(VQ).verdict = Verdict.UNKNOWN;
    for (int i = 0; i < 100; i++) {
      host.second(keeper);
    }
    assertThat(only().state()).isEqualTo(Incident.State.OPEN);
    host.livelock(VQ);
    host.second(keeper);
    assertThat(only().count()).isEqualTo(1);
  }

  @Test
  void aQueueMissingFromOneCensusWhileItsWorkerLivesIsNotGone() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.queue(VQ).exists = false;
    host.second(keeper);
    host.second(keeper);
    assertThat(only().state()).isEqualTo(Incident.State.OPEN);
    host.queue(VQ).exists = true;
    host.livelock(VQ);
    host.second(keeper);
    assertThat(only().count()).isEqualTo(1);
    assertThat(only().last().ended()).isZero();
  }

  @Test
  void aFlappingQueueIsOneIncidentWithACountAndTheFirstAndLastOfItsLivelocks() {
    fourQueues();
    for (int i = 0; i < 1000; i++) {
      host.livelock(VQ);
      host.second(keeper);
      host.refill(VQ);
      host.second(keeper);
      host.second(keeper);
    }
    assertThat(only().count()).isEqualTo(1000);
    assertThat(only().occurrences()).hasSize(16);
    assertThat(keeper.opened()).isEqualTo(1);
    assertThat(IncidentJson.of(only()).length()).isLessThan(10_000);
  }

  @Test
  void aRefillBetweenTwoLooksAtALivelockedQueueIsAFlap() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.censuses = false;
    host.refill(VQ);
    host.second(keeper);
    host.livelock(VQ);
    host.second(keeper);
    assertThat(only().count()).isEqualTo(2);
    assertThat(only().first().how()).contains(Ending.REFILLED);
  }

  @Test
  void aLivelockElevenMinutesAfterTheLastIsAnIncidentOfItsOwn() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.refill(VQ);
    until(5, () -> closed(Ending.REFILLED));
    host.pass(660);
    host.livelock(VQ);
    host.second(keeper);
    assertThat(keeper.all()).hasSize(2);
  }

  @Test
  void looksAreDueAtOnceAndAfterOneTenAndSixtyMinutesAndNeverAgain() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    List<String> taken = new ArrayList<>();
    for (int minute = 0; minute < 200; minute++) {
      Look.When when = keeper.looksDue(host.nanos).get(VQ);
      if (when != null) {
        taken.add(minute + " " + when.id());
        assertThat(keeper.look(VQ, look(when))).isPresent();
        assertThat(keeper.look(VQ, look(when))).as("a look is taken once").isEmpty();
      }
      host.pass(59);
      host.second(keeper);
    }
    assertThat(taken).containsExactly("0 onset", "1 1m", "10 10m", "60 60m");
    assertThat(only().looks()).hasSize(4);
  }

  @ParameterizedTest
  @ValueSource(longs = {-3_600_000, 0, 7_200_000})
  void aClockThatIsSetNeitherDelaysNorSkipsALook(long step) {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    assertThat(keeper.look(VQ, look(Look.When.ONSET))).isPresent();
    host.wall += step;
    host.second(keeper);
    assertThat(keeper.looksDue(host.nanos)).isEmpty();
    host.pass(59);
    host.second(keeper);
    assertThat(keeper.looksDue(host.nanos)).containsEntry(VQ, Look.When.AFTER_1_MINUTE);
  }

  @Test
  void aRecordIsWrittenAnewThoughTheClockWasSetBack() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.wall -= 3_600_000;
    host.pass(30);
    assertThat(host.second(keeper))
        .extracting(Keeper.Change::what)
        .containsExactly(Keeper.What.UPDATED);
    assertThat(host.second(keeper)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {-3_600_000, 0, 7_200_000})
  void aClockThatIsSetMakesNoFlapAndHidesNone(long step) {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.refill(VQ);
    until(5, () -> closed(Ending.REFILLED));
    host.wall += step;
    host.pass(300);
    host.livelock(VQ);
    host.second(keeper);
    assertThat(only().count()).isEqualTo(2);
    host.refill(VQ);
    until(5, () -> closed(Ending.REFILLED));
    host.wall -= step;
    host.pass(660);
    host.livelock(VQ);
    host.second(keeper);
    assertThat(keeper.all()).hasSize(2);
  }

  @Test
  void whatEndedInTheFutureBeforeTheAgentStartedIsNotGoneOnWith() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    host.refill(VQ);
    until(5, () -> closed(Ending.REFILLED));
    host.wall -= 3_600_000;
    Keeper next = resumed(host, BOOT, only());
    host.livelock(VQ);
    host.second(next);
    assertThat(next.all()).hasSize(2);
  }

  private Look look(Look.When when) {
    return new Look(when, host.wall, true, "{}", List.of(), Optional.empty());
  }

  private static Keeper resumed(FakeHost host, String boot, Incident... stored) {
    Keeper next = new Keeper(Keeper.Limits.with(Duration.ofSeconds(3)), "0.1.0", boot);
    next.resume(List.of(stored), host.wall, host.nanos);
    return next;
  }

  @Test
  void anAgentThatWasKilledGoesOnWithTheOpenIncidentAndNotesTheGap() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Incident before = only();
    host.pass(40);
    Keeper next = resumed(host, BOOT, before);
    List<Keeper.Change> changes = host.second(next);
    assertThat(changes).extracting(Keeper.Change::what).containsExactly(Keeper.What.CONTINUED);
    Incident after = next.all().get(0);
    assertThat(next.all()).hasSize(1);
    assertThat(after.id()).isEqualTo(before.id());
    assertThat(after.count()).isEqualTo(1);
    assertThat(after.gaps())
        .containsExactly(new Gap(before.last().lastSeen(), after.last().lastSeen()));
    assertThat(next.opened()).isZero();
  }

  /** A keeper that has opened a record before it could read the one that there is. */
  private Keeper withARecordOfItsOwn(Incident before) {
    host.pass(40);
    Keeper next = keeper();
    assertThat(host.second(next))
        .extracting(Keeper.Change::what)
        .containsExactly(Keeper.What.OPENED);
    assertThat(next.all().get(0).id()).isNotEqualTo(before.id());
    return next;
  }

  @Test
  void aRecordThatIsReadLateIsGoneOnWithAndTheOneMadeMeanwhileIsNot() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Incident before = only();
    Keeper next = withARecordOfItsOwn(before);
    Incident own = next.all().get(0);
    assertThat(next.look(VQ, look(Look.When.ONSET))).isPresent();
    host.pass(20);
    List<Keeper.Change> changes = next.resume(List.of(before), host.wall, host.nanos);
    assertThat(changes)
        .extracting(change -> change.what() + " " + change.incident().id())
        .containsExactly("CONTINUED " + before.id(), "ENDED " + own.id());
    Incident ended = changes.get(1).incident();
    assertThat(ended.state()).isEqualTo(Incident.State.CLOSED);
    assertThat(ended.how()).contains(Ending.TAKEN_OVER);
    Incident after = changes.get(0).incident();
    assertThat(after.state()).isEqualTo(Incident.State.OPEN);
    assertThat(after.count()).isEqualTo(1);
    assertThat(after.first().confirmed()).isEqualTo(before.first().confirmed());
    assertThat(after.looks()).hasSize(1);
    assertThat(after.gaps())
        .containsExactly(new Gap(before.last().lastSeen(), own.first().confirmed()));
    assertThat(next.open()).isEqualTo(1);
    assertThat(host.second(next)).isEmpty();
    host.refill(VQ);
    List<Keeper.Change> end = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      end.addAll(host.second(next));
    }
    assertThat(end)
        .extracting(change -> change.what() + " " + change.incident().id())
        .containsExactly("ENDED " + before.id());
    assertThat(next.open()).isZero();
  }

  @Test
  void soItIsWithAllThatHappenedMeanwhile() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    keeper.stop(host.wall);
    Incident before = only();
    Keeper next = withARecordOfItsOwn(before);
    host.refill(VQ);
    host.second(next);
    host.second(next);
    host.livelock(VQ);
    host.second(next);
    host.queue(VQ).verdict = Verdict.HEALTHY;
    host.censuses = false;
    host.second(next);
    Incident after = next.resume(List.of(before), host.wall, host.nanos).get(0).incident();
    assertThat(after.id()).isEqualTo(before.id());
    assertThat(after.state()).isEqualTo(Incident.State.OPEN);
    assertThat(after.count()).isEqualTo(2);
    assertThat(after.occurrences())
        .extracting(Occurrence::how)
        .containsExactly(Optional.of(Ending.REFILLED), Optional.empty());
    assertThat(after.first().firstSign()).isEqualTo(before.first().firstSign());
    assertThat(after.last().ended()).isEqualTo(host.wall);
    assertThat(after.occurrences()).allMatch(KeeperTest::sound);
    host.livelock(VQ);
    host.second(next);
    assertThat(next.open()).isEqualTo(1);
    host.refill(VQ);
    host.censuses = true;
    host.second(next);
    host.second(next);
    assertThat(next.open()).isZero();
    host.livelock(VQ);
    assertThat(host.second(next).get(0).incident().id()).as("flaps").isEqualTo(before.id());
  }

  @Test
  void anotherQueueAtTheSameAddressIsNotTakenOver() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Incident before = only();
    host.queues.clear();
    host.add(VQ, "db02", "vnet9", 200, 210, 0).start = 900;
    host.livelock(VQ);
    Keeper next = withARecordOfItsOwn(before);
    assertThat(next.resume(List.of(before), host.wall, host.nanos)).isEmpty();
    assertThat(next.open()).isEqualTo(2);
  }

  @Test
  void itGoesOnWithItBeforeTheTapIsKnownAndKeepsWhatWasKnown() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Keeper next = resumed(host, BOOT, only());
    host.queue(VQ).named = false;
    host.censuses = false;
    host.second(next);
    assertThat(next.all()).hasSize(1);
    assertThat(next.all().get(0).queue().port().name()).isEqualTo("vnet3");
    assertThat(next.all().get(0).state()).isEqualTo(Incident.State.OPEN);
  }

  @Test
  void aNewLivelockWithoutATapWaitsForTheFirstCensusButNotForEver() {
    fourQueues();
    host.livelock(VQ);
    host.queue(VQ).named = false;
    host.censuses = false;
    host.pass(1);
    Scene early = host.scene(keeper);
    Scene blind =
        new Scene(
            early.wallMillis(),
            early.nanos(),
            "",
            "",
            early.queues(),
            early.workers(),
            Set.of(),
            Map.of(),
            Optional.empty(),
            1);
    keeper.take(blind);
    assertThat(keeper.all()).isEmpty();
    until(12, () -> keeper.all().size() == 1);
  }

  @Test
  void whatEndedWhileNobodyWatchedIsClosedAfterTheFirstCensusAndTheConfirmTime() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Incident before = only();
    host.refill(VQ);
    host.pass(100);
    Keeper next = resumed(host, BOOT, before);
    host.second(next);
    assertThat(next.all().get(0).state()).isEqualTo(Incident.State.OPEN);
    host.censuses = false;
    for (int i = 0; i < 9; i++) {
      host.second(next);
    }
    Incident after = next.all().get(0);
    assertThat(after.state()).isEqualTo(Incident.State.CLOSED);
    assertThat(after.how()).contains(Ending.AGENT_STOPPED);
    assertThat(after.last().lastSeen()).isEqualTo(before.last().lastSeen());
    assertThat(after.millis()).as("nobody saw that it lasted longer").isEqualTo(before.millis());
    assertThat(after.gaps()).extracting(Gap::from).containsExactly(before.last().lastSeen());
  }

  @Test
  void itIsNotClosedBeforeTheSentinelCouldHaveSeenItHoweverLongThatTakes() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Keeper next = resumed(host, BOOT, only());
    host.attachedAt = 0;
    host.queue(VQ).verdict = Verdict.BUSY;
    for (int i = 0; i < 200; i++) {
      assertThat(next.wantsSentinel()).isTrue();
      host.second(next);
    }
    host.attachedAt = host.nanos;
    host.second(next);
    host.livelock(VQ);
    host.second(next);
    assertThat(next.all()).hasSize(1);
    assertThat(next.all().get(0).state()).isEqualTo(Incident.State.OPEN);
    assertThat(next.all().get(0).count()).isEqualTo(1);
    assertThat(next.wantsSentinel()).isFalse();
  }

  @Test
  void anotherQueueAtTheSameAddressIsNotTheOldIncident() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Incident before = only();
    host.queues.clear();
    host.processes.clear();
    FakeHost.Queue other = host.add(VQ, "db02", "vnet9", 200, 210, 0);
    other.start = 900;
    host.livelock(VQ);
    Keeper next = resumed(host, BOOT, before);
    for (int i = 0; i < 12; i++) {
      host.second(next);
    }
    assertThat(next.all())
        .extracting(incident -> incident.queue().vm() + " " + incident.state())
        .containsExactlyInAnyOrder("db02 OPEN", "web01 CLOSED");
  }

  @Test
  void anOrderlyStopIsNotedAndTheNextAgentGoesOn() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    keeper.stop(host.wall);
    assertThat(only().state()).isEqualTo(Incident.State.INTERRUPTED);
    assertThat(only().how()).contains(Ending.AGENT_STOPPED);
    Keeper next = resumed(host, BOOT, only());
    host.second(next);
    Incident after = next.all().get(0);
    assertThat(after.state()).isEqualTo(Incident.State.OPEN);
    assertThat(after.count()).isEqualTo(1);
    assertThat(after.last().ended()).isZero();
    assertThat(after.gaps()).hasSize(1);
  }

  @Test
  void afterAnotherBootItIsOver() {
    fourQueues();
    host.livelock(VQ);
    host.second(keeper);
    Keeper next = resumed(host, "another-boot", only());
    assertThat(next.all().get(0).how()).contains(Ending.HOST_REBOOTED);
    assertThat(next.all().get(0).state()).isEqualTo(Incident.State.CLOSED);
  }

  @Test
  void theOldestClosedIncidentsGoFirstAndOpenOnesStay() {
    Keeper small =
        new Keeper(
            new Keeper.Limits(
                Duration.ofSeconds(3), Duration.ofMinutes(10), Duration.ofSeconds(60), 5),
            "0.1.0",
            BOOT);
    host.add(VQ, "old", "tap0", 50, 51, 0);
    host.livelock(VQ);
    host.second(small);
    for (int i = 1; i < 20; i++) {
      long vq = VQ + i * 0x10000L;
      host.add(vq, "vm" + i, "tap" + i, 100 + i, 200 + i, 0);
      host.livelock(vq);
      host.second(small);
      host.refill(vq);
      host.second(small);
      host.second(small);
    }
    assertThat(small.all()).hasSize(5);
    assertThat(small.all())
        .extracting(incident -> incident.queue().vm())
        .contains("old", "vm19")
        .doesNotContain("vm1");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void whateverHappensRecordsStayTrueToWhatWasSeen(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Keeper now = keeper();
    fourQueues();
    host.add(VQ + 0x90000, "db02", "vnet9", 200, 210, 0);
    Map<String, Incident> disk = new HashMap<>();
    List<Long> all = new ArrayList<>(host.queues.keySet());
    for (int step = 0; step < 600; step++) {
      long vq = all.get(random.nextInt(all.size()));
      switch (random.nextInt(30)) {
        case 0, 1, 2 -> host.livelock(vq);
        case 3, 4 -> host.refill(vq);
        case 5 -> host.queue(vq).exists = !host.queue(vq).exists;
        case 6 -> host.censuses = !host.censuses;
        case 7 -> host.queue(vq).stopped = !host.queue(vq).stopped;
        case 8 -> host.queue(vq).verdict = Verdict.UNKNOWN;
        case 9 -> host.pass(random.nextInt(900));
        case 10 -> {
          if (random.nextInt(4) == 0) {
            now = resumed(host, BOOT, disk.values().toArray(new Incident[0]));
          }
        }
        default -> {}
      }
      for (Keeper.Change change : host.second(now)) {
        disk.put(change.incident().id(), change.incident());
      }
      check(now, disk);
    }
    assertThat(disk).isNotEmpty();
  }

  private void check(Keeper now, Map<String, Incident> disk) {
    Set<Long> open = new HashSet<>();
    for (Incident incident : now.all()) {
      boolean sound =
          disk.containsKey(incident.id())
              && incident.count() >= incident.occurrences().size() - 15
              && incident.occurrences().size() <= 16
              && incident.gaps().size() <= 16
              && incident.occurrences().stream().allMatch(KeeperTest::sound);
      if (incident.state() == Incident.State.CLOSED) {
        sound &= incident.how().isPresent() && incident.ended() > 0;
      } else {
        sound &= open.add(incident.queue().vq());
      }
      assertThat(sound).as("%s", incident).isTrue();
    }
    host.queues.forEach(
        (vq, queue) -> {
          if (queue.exists && queue.verdict == Verdict.LIVELOCKED) {
            assertThat(open).as("a livelock without an open incident").contains(vq);
          }
        });
  }

  private static boolean sound(Occurrence each) {
    return each.firstSign() <= each.confirmed()
        && each.confirmed() <= each.lastSeen()
        && (each.ended() == 0 || each.ended() >= each.lastSeen());
  }
}

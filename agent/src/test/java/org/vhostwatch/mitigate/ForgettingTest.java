package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.vhostwatch.mitigate.JournalTest.entry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.Interfaces;
import org.vhostwatch.libc.NetNamespace;
import org.vhostwatch.mitigate.Forgetting.Fate;

class ForgettingTest {
  private static final String BOOT = "this-boot";

  /** Every network namespace has its loopback interface there. */
  private static final int LOOPBACK = 1;

  private static final int NOBODYS = 999_999;

  @Test
  void whatIsOfAnotherBootOrGoneIsForgottenAndWhatIsNotKnownIsNot() {
    Entry there = entry(BOOT, 1, 1, 1, "a");
    Entry gone = entry(BOOT, 1, 1, 2, "b");
    Entry lost = entry(BOOT, 2, 2, 3, "c");
    Entry unknown = entry(BOOT, 3, 3, 4, "d");
    Entry old = entry("another-boot", 1, 1, 1, "e");
    assertThat(
            Forgetting.kept(
                List.of(unknown, there, old, gone, lost),
                BOOT,
                Map.of(there, Fate.THERE, gone, Fate.GONE, lost, Fate.LOST, old, Fate.THERE)))
        .containsExactly(unknown, there, lost);
  }

  @Test
  void ofThoseOutOfSightTheLatestAreKept() {
    List<Entry> entries = new ArrayList<>();
    Map<Entry, Fate> fates = new HashMap<>();
    for (int i = 0; i < Forgetting.MAX_LOST + 500; i++) {
      entries.add(entry(BOOT, i, i, i, "vm"));
      fates.put(entries.get(i), Fate.LOST);
    }
    Entry there = entry(BOOT, 1, 1, NOBODYS, "first of all");
    entries.add(0, there);
    List<Entry> kept = Forgetting.kept(entries, BOOT, fates);
    assertThat(kept).hasSize(Forgetting.MAX_LOST + 1).startsWith(there);
    assertThat(kept.subList(1, kept.size())).isEqualTo(entries.subList(501, entries.size()));
  }

  @Test
  void anIndexThatIsNobodysIsGone() throws Exception {
    Entry there = entry(BOOT, ownNetns(), 0, LOOPBACK, "vm");
    Entry gone = entry(BOOT, ownNetns(), 0, NOBODYS, "vm");
    assertThat(Forgetting.look(List.of(there, gone)))
        .isEqualTo(Map.of(there, Fate.THERE, gone, Fate.GONE));
  }

  @Test
  void whoseNamespaceHasItsNumberFromAnotherIsGone() throws Exception {
    long cookie;
    try (Fd socket = Interfaces.socket("test")) {
      cookie = NetNamespace.cookie(socket);
    }
    assumeThat(cookie).as("this kernel has cookies").isNotZero();
    Entry same = entry(BOOT, ownNetns(), cookie, LOOPBACK, "vm");
    Entry other = entry(BOOT, ownNetns(), cookie + 1, LOOPBACK, "vm");
    assertThat(Forgetting.look(List.of(same, other)))
        .isEqualTo(Map.of(same, Fate.THERE, other, Fate.GONE));
  }

  @Test
  void aNamespaceThatNothingLeadsToIsLostNotGone() throws Exception {
    Entry lost = entry(BOOT, 1, 0, LOOPBACK, "vm");
    assertThat(Forgetting.look(List.of(lost))).isEqualTo(Map.of(lost, Fate.LOST));
  }

  private static long ownNetns() throws Exception {
    return NetNamespace.inodeAt(Path.of("/proc/self/ns/net"));
  }
}

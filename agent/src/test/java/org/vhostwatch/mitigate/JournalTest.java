package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.state.StateDirectory;

class JournalTest {
  private final Journal journal;

  JournalTest(@TempDir Path folder) {
    journal = new Journal(new StateDirectory(folder));
  }

  static Entry entry(String boot, long netns, long cookie, int ifindex, String vm) {
    return new Entry(
        boot,
        netns,
        cookie,
        ifindex,
        "tap" + ifindex,
        "tun",
        vm,
        "2026-11-23T14:06:40Z",
        new TreeMap<>(Map.of("tx-tcp-segmentation", true)));
  }

  @Test
  void asManyTapsAsCanBeReadAreWritten() throws Exception {
    List<Entry> most = Collections.nCopies(Journal.MAX_ENTRIES, entry("boot", 7, 8, 9, "web01"));
    journal.write(most);
    assertThat(journal.read()).isEqualTo(most);
  }

  @Test
  void moreAreRefusedAndWhatWasThereStays() throws Exception {
    Entry entry = entry("boot", 7, 8, 9, "web01");
    journal.write(List.of(entry));
    assertThatThrownBy(() -> journal.write(Collections.nCopies(Journal.MAX_ENTRIES + 1, entry)))
        .hasMessageContaining("mitigation.json is not written: 10001 taps")
        .hasMessageContaining("--undo");
    assertThat(journal.read()).containsExactly(entry);
  }

  @Test
  void soAreFewerThatAreTooLong() throws Exception {
    // Each character of such a name takes six in the file.
    Entry entry = entry("boot", 7, 8, 9, "\u0001".repeat(256));
    assertThatThrownBy(() -> journal.write(Collections.nCopies(Journal.MAX_ENTRIES, entry)))
        .hasMessageContaining("could not be read again");
    assertThat(journal.read()).isEmpty();
  }
}

package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.QueueStatus;

class StatusPageTest {

  @Test
  void saysInWordsWhatIsWrongAndWhereAndSinceWhen() {
    assertThat(page(Scenes.livelocked()))
        .contains("<title>livelocked: kvm7 - vhostwatch</title>")
        .contains("<h1 id=\"verdict\">1 queue livelocked", "9 receive queues of 9 VMs")
        .contains(": VM web01, tap vnet3, queue 0", "<strong>4 min 12 s</strong>")
        .contains("affected by CVE-2026-74356", "of 60366 bytes");
  }

  @Test
  void saysWhatItRestsOnAndWhatToDo() {
    assertThat(page(Scenes.livelocked()))
        .contains("What to do", "virsh reset web01", "does not help: ")
        .contains("Evidence, with confidence high", "<li>met: passes go on: 10829 a second")
        .contains("<li>not measurable: the stack");
  }

  @Test
  void aHealthyHostHasNoTroubles() {
    assertThat(page(Scenes.healthy()))
        .contains("<h1 id=\"verdict\">Nothing wrong", "6 queues with nothing wrong", "attached")
        .doesNotContain("Queues in trouble", "What to do", "Recent incidents", "less than it");
  }

  @Test
  void anInterfaceThatIsNotBroughtUpIsNamedAndNothingIsWrong() {
    QueueStatus unused = Samples.notBroughtUp("web01", "vnet3");
    assertThat(page(Samples.snapshot(List.of(unused))))
        .contains("<title>healthy: kvm7")
        .contains("Nothing wrong: no queue spins or is stalled; 1 interface not brought up by the")
        .contains("VM web01, tap vnet3, queue 0");
  }

  @Test
  void aBlindDaemonDoesNotSayThatNothingIsWrong() {
    assertThat(page(Scenes.degraded()))
        .contains("Unknown:", "It sees less than it should", "bpftrace is not installed")
        .contains("last never", "not running")
        .doesNotContain("Nothing wrong");
  }

  @Test
  void aHostWithoutVhostNetHasNothingToWatch() {
    assertThat(page(Samples.idle(List.of())))
        .contains("<title>healthy: kvm7", "Nothing to watch: the module vhost_net is not loaded")
        .doesNotContain("It sees less than it should");
  }

  @Test
  void saysWhatWatchingCosts() {
    assertThat(page(Scenes.healthy()))
        .contains("agent 12.3 s of CPU, 60 MiB; bpftrace 5.6 s of CPU, 90 MiB");
  }

  @Test
  void incidentsAreListedWithATimeline() {
    assertThat(page(Scenes.livelocked()))
        .contains("Recent incidents", "href=\"api/v1/incidents/20261118T110224Z-0a1b2c3d\"")
        .contains("goes on: 4 min 0 s", "<td class=\"short\">23 min 0 s</td>", "24 h ago")
        .contains("<rect class=\"open\"", "<rect class=\"over\"");
    assertThat(page(Scenes.livelocked().with(IncidentTotals.NONE))).doesNotContain("<svg");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3_600_000L, 90L * 24 * 3_600_000})
  void everyBarLiesWithinTheTimeline(long age) {
    long now = Samples.WALL_MILLIS;
    IncidentTotals.Row row =
        new IncidentTotals.Row("i", now - age, now - age / 2, "refilled", 1, "v", "t", 0);
    Html html = new Html();
    Timeline.write(html, List.of(row), now);
    String x = html.whole().replaceAll("(?s).* x=\"(\\d+)\".*", "$1");
    String width = html.whole().replaceAll("(?s).* width=\"(\\d+)\".*", "$1");
    assertThat(Integer.parseInt(width)).isGreaterThan(0);
    assertThat(Integer.parseInt(x) + Integer.parseInt(width)).isBetween(1, 1000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        Scenes.HOSTILE,
        "<img src=x onerror='a'>&\"\u202e\n",
        "\"><svg onload=alert(1)>",
        "</style></title></script><b>",
        "x' autofocus onfocus='alert(1)"
      })
  void hostileNamesAreText(String name) {
    String page = page(Scenes.hostile(name));
    assertThat(page).contains(Html.escape(name)).doesNotContain(name, "\u202e");
    // The page has the tags that it has for a harmless name, and no other.
    assertThat(tags(page)).isEqualTo(tags(page(Scenes.hostile("web01"))));
  }

  private static List<String> tags(String page) {
    return java.util.regex.Pattern.compile("</?([a-zA-Z0-9]+)( [^>]*)?>")
        .matcher(page)
        .results()
        .map(tag -> tag.group(1))
        .toList();
  }

  @Test
  void ofFiveHundredQueuesThoseInTroubleComeFirstAndTheRestFoldsUp() {
    String page = page(Scenes.crowded(500, 14));
    assertThat(page).contains("14 queues livelocked", "486 queues with nothing wrong");
    assertThat(page.split("<article", -1)).hasSize(11);
    assertThat(page).contains("4 more queues in trouble", "tenant-13");
    assertThat(page.indexOf("tenant-13")).isLessThan(page.indexOf("<details id=\"healthy\">"));
    assertThat(page.length()).isLessThan(200_000);
  }

  @Test
  void thousandsAreCutWithAWord() {
    assertThat(page(Scenes.crowded(2_000, 1_000)))
        .contains("1000 queues livelocked", "490 more are not shown", "500 more are not shown");
  }

  @Test
  void itNeedsNothingFromElsewhereAndNoScript() {
    assertThat(page(Scenes.livelocked()))
        .contains("<noscript><meta http-equiv=\"refresh\" content=\"30\">")
        .doesNotContain("src=", "style=", "javascript:", "http:", "https:", "@import");
  }

  private static String page(HostSnapshot snapshot) {
    return StatusPage.of(snapshot, "kvm7", Optional.empty());
  }

  @Test
  void aHostWithSuchAWorkerAloneIsNotCalledFine() {
    HostSnapshot host =
        Scenes.healthy()
            .withUnexplained(List.of(Samples.unexplained("web", Samples.worker(5002, 5000, 77))));
    assertThat(page(host))
        .contains("<title>unexplained: kvm7 - vhostwatch</title>")
        .contains("1 worker busy for an unknown cause")
        .doesNotContain("Nothing wrong");
  }

  @Test
  void aTabSaysNoMoreThanThePageDoes() {
    assertThat(StatusPage.of(Scenes.healthy(), "kvm7", Optional.of("it stands still")))
        .contains("<title>unknown: kvm7 - vhostwatch</title>", "Unknown: what is below");
    assertThat(StatusPage.of(Scenes.livelocked(), "kvm7", Optional.of("it stands still")))
        .contains("<title>livelocked: kvm7 - vhostwatch</title>");
  }

  @Test
  void aWorkerThatIsBusyForAnUnknownCauseIsNamed() {
    HostSnapshot host =
        Samples.snapshot()
            .withUnexplained(
                List.of(Samples.unexplained("<b>web", Samples.worker(5002, 5000, 77))));
    assertThat(page(host))
        .contains(
            "<strong>&lt;b&gt;web</strong>, worker 5002: uses 95 % of a CPU", "in handle_tx_kick");
  }
}

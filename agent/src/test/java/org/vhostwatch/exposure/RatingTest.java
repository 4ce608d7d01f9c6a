package org.vhostwatch.exposure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RatingTest {

  private static final Livepatches NO_PATCH =
      new Livepatches(List.of(), Set.of(), Set.of(), List.of());
  private static final KernelIdentity KERNEL = new KernelIdentity("boot", "r", "v", "code", false);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # release, as uname -r               | uname -v                              | /proc/version_signature                   | status   | upstream
          # Debian: the release does not have the version
          6.1.0-54-cloud-amd64                 | #1 SMP Debian 6.1.190-1 (2026-09-01)  |                                           | AFFECTED | 6.1.190
          6.1.0-56-cloud-amd64                 | #1 SMP Debian 6.1.192-2 (2026-11-16)  |                                           | FIXED    | 6.1.192
          6.12.94+deb13-cloud-amd64            | #1 SMP Debian 6.12.94-1 (2026-07-01)  |                                           | AFFECTED | 6.12.94
          6.12.107+deb13-cloud-amd64           | #1 SMP Debian 6.12.107-1 (2026-11-01) |                                           | FIXED    | 6.12.107
          6.12.95+deb12-amd64                  | #1 SMP Debian 6.12.95-1~bpo12+1 (x)   |                                           | AFFECTED | 6.12.95
          6.17.13+deb13-cloud-amd64            | #1 SMP Debian 6.17.13-1~bpo13+1 (x)   |                                           | AFFECTED | 6.17.13
          6.18.15+deb13-cloud-amd64            | #1 SMP Debian 6.18.15-1~bpo13+1 (x)   |                                           | AFFECTED | 6.18.15
          7.3.4+deb13-cloud-amd64              | #1 SMP Debian 7.3.4-1~bpo13+1 (x)     |                                           | FIXED    | 7.3.4
          7.2-rc1-amd64                        | #1 SMP Debian 7.2~rc1-1~exp1 (x)      |                                           | FIXED    | 7.2-rc1
          5.10.0-35-amd64                      | #1 SMP Debian 5.10.237-1 (2025-05-19) |                                           | FIXED    | 5.10.237
          # the edges of upstream's ranges
          5.17.15                              | #1 SMP                                |                                           | FIXED    | 5.17.15
          5.18.0-rc1                           | #1 SMP                                |                                           | AFFECTED | 5.18-rc1
          5.18.0                               | #1 SMP                                |                                           | AFFECTED | 5.18
          6.0.19                               | #1 SMP                                |                                           | AFFECTED | 6.0.19
          6.1.191                              | #1 SMP                                |                                           | FIXED    | 6.1.191
          6.6.130                              | #1 SMP                                |                                           | AFFECTED | 6.6.130
          6.6.131                              | #1 SMP                                |                                           | UNKNOWN  | 6.6.131
          6.12.96                              | #1 SMP                                |                                           | AFFECTED | 6.12.96
          6.12.97                              | #1 SMP                                |                                           | FIXED    | 6.12.97
          6.13.12                              | #1 SMP                                |                                           | AFFECTED | 6.13.12
          6.18.39                              | #1 SMP                                |                                           | AFFECTED | 6.18.39
          6.18.40                              | #1 SMP                                |                                           | FIXED    | 6.18.40
          6.19.14                              | #1 SMP                                |                                           | AFFECTED | 6.19.14
          7.0.9                                | #1 SMP                                |                                           | AFFECTED | 7.0.9
          7.1.0-rc7                            | #1 SMP                                |                                           | AFFECTED | 7.1-rc7
          7.1.4                                | #1 SMP                                |                                           | AFFECTED | 7.1.4
          7.1.5                                | #1 SMP                                |                                           | FIXED    | 7.1.5
          7.2.0-rc1                            | #1 SMP                                |                                           | FIXED    | 7.2-rc1
          # others that follow upstream
          6.18.10-1.el8.elrepo.x86_64          | #1 SMP                                |                                           | AFFECTED | 6.18.10
          6.17.4-200.fc42.x86_64               | #1 SMP                                |                                           | AFFECTED | 6.17.4
          6.18.45-arch1-1                      | #1 SMP                                |                                           | FIXED    | 6.18.45
          6.18.0-arch1-1                       | #1 SMP                                |                                           | AFFECTED | 6.18
          6.18.0-1.el9.elrepo.x86_64           | #1 SMP                                |                                           | AFFECTED | 6.18
          6.17.7-400.asahi.fc42.aarch64+16k    | #1 SMP                                |                                           | AFFECTED | 6.17.7
          6.18.45-gentoo-r1                    | #1 SMP                                |                                           | FIXED    | 6.18.45
          6.12.94-gentoo-dist                  | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94-0-lts                        | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94-1-lts                        | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94-1-MANJARO                    | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94_1                            | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94-x64v3-xanmod1                | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94-2.1-liquorix-amd64           | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94-3.x86_64                     | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.12.94-3.aarch64                    | #1 SMP                                |                                           | AFFECTED | 6.12.94
          6.18.0-0.rc4.36.fc44.x86_64          | #1 SMP                                |                                           | AFFECTED | 6.18-rc4
          7.2.0-0.rc1.9.fc45.x86_64            | #1 SMP                                |                                           | FIXED    | 7.2-rc1
          7.2.0-rc1+                           | #1 SMP                                |                                           | FIXED    | 7.2-rc1
          6.12.47+rpt-rpi-v8                   | #1 SMP PREEMPT Debian 1:6.12.47-1+rpt1 (2025-09-16) |                             | AFFECTED | 6.12.47
          # those that do not, and trees between two releases
          5.14.0-503.11.1.el9_5.x86_64         | #1 SMP                                |                                           | UNKNOWN  | 5.14
          6.12.0-55.el10.x86_64                | #1 SMP                                |                                           | UNKNOWN  | 6.12
          6.8.0-45-generic                     | #45-Ubuntu SMP                        | Ubuntu 6.8.0-45.45-generic 6.8.12         | UNKNOWN  | 6.8.12
          6.8.0-45-generic                     | #45-Ubuntu SMP                        |                                           | UNKNOWN  | 6.8
          7.4.0-3-generic                      | #3-Ubuntu SMP                         | Ubuntu 7.4.0-3.3-generic 7.4.1            | FIXED    | 7.4.1
          5.14.0-427.44.1.vz9.80.5             | #1 SMP                                |                                           | UNKNOWN  | 5.14
          6.8.12-1-pve                         | #1 SMP PMX 6.8.12-1 (2024-08-05)      |                                           | UNKNOWN  | 6.8.12
          5.15.158-2-pve                       | #1 SMP PVE 5.15.158-2 (2024-07-24)    |                                           | UNKNOWN  | 5.15.158
          6.2.16-20-pve                        | #1 SMP                                |                                           | UNKNOWN  | 6.2.16
          6.4.0-150600.23.25-default           | #1 SMP                                |                                           | UNKNOWN  | 6.4
          6.4.0-150600.10.5-rt                 | #1 SMP                                |                                           | UNKNOWN  | 6.4
          6.4.0-150600.23.25-64kb              | #1 SMP                                |                                           | UNKNOWN  | 6.4
          5.14.21-150500.13.5-rt               | #1 SMP                                |                                           | UNKNOWN  | 5.14.21
          5.14.21-150500.55.7-64kb             | #1 SMP                                |                                           | UNKNOWN  | 5.14.21
          5.14.21-150500.55.7-kvmsmall         | #1 SMP                                |                                           | UNKNOWN  | 5.14.21
          5.14.21-150500.33.5-azure            | #1 SMP                                |                                           | UNKNOWN  | 5.14.21
          6.12.0-160000.5-rt                   | #1 SMP                                |                                           | UNKNOWN  | 6.12
          6.12.0-3.of-somebody                 | #1 SMP                                |                                           | UNKNOWN  | 6.12
          6.1.115-126.197.amzn2023.x86_64      | #1 SMP                                |                                           | UNKNOWN  | 6.1.115
          5.4.241-1-tlinux4-0017.7             | #1 SMP                                |                                           | UNKNOWN  | 5.4.241
          6.6.47-12.oc9.x86_64                 | #1 SMP                                |                                           | UNKNOWN  | 6.6.47
          6.1.124-1.ph5                        | #1 SMP                                |                                           | UNKNOWN  | 6.1.124
          6.1.124-1.ph5-esx                    | #1 SMP                                |                                           | UNKNOWN  | 6.1.124
          5.15.189-5.ctl3                      | #1 SMP                                |                                           | UNKNOWN  | 5.15.189
          4.19.90-24.4.v2101.ky10.x86_64       | #1 SMP                                |                                           | UNKNOWN  | 4.19.90
          7.2.0-0.rc0.20260618g1a2b3c4d5e6f.7.fc45.x86_64 | #1 SMP                     |                                           | UNKNOWN  | 7.2-rc0
          7.1.0-g1a2b3c4d5e6f                  | #1 SMP                                |                                           | UNKNOWN  | 7.1
          7.1.0+                               | #1 SMP                                |                                           | UNKNOWN  | 7.1
          7.1.0-rc7-next-20260610              | #1 SMP                                |                                           | UNKNOWN  | 7.1-rc7
          6.18.0-00123-g1a2b3c4d5e6f           | #1 SMP                                |                                           | UNKNOWN  | 6.18
          a-kernel                             | #1 SMP                                |                                           | UNKNOWN  | ''
          """)
  void ratesAReleaseByItsVersion(
      String release, String version, String signature, Exposure status, String upstream) {
    KernelExposure exposure =
        Rating.rate(found(release, version, signature == null ? "" : signature));
    assertThat(exposure.status()).isEqualTo(status);
    assertThat(exposure.upstream()).isEqualTo(upstream);
    assertThat(exposure.reason()).isNotEmpty();
    assertThat(exposure.decidedBy().isPresent()).isEqualTo(status != Exposure.UNKNOWN);
  }

  @Test
  void saysThatAKernelBeforeTheCauseIsNotAffected() {
    assertThat(Rating.rate(found("5.15.180", "#1 SMP", "")).reason())
        .isEqualTo("Linux 5.15.180 is not affected: the cause, d3bb267bbdcb (5.18), is not in it");
  }

  @Test
  void saysWhatTheBaseOfABackportingKernelWouldBe() {
    assertThat(
            Rating.rate(found("6.8.0-45-generic", "", "Ubuntu 6.8.0-45.45-generic 6.8.12"))
                .reason())
        .contains("Ubuntu's 6.8.0-45.45: Linux 6.8.12 is affected", "only the base");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          5.14.0-427.44.1.vz9.80.5  | #1 SMP                             | Virtuozzo
          5.14.21-150500.33.5-azure | #1 SMP                             | SUSE
          6.8.0-1017-azure          | #1 SMP                             | Ubuntu
          5.15.158-2-pve            | #1 SMP PVE 5.15.158-2 (2024-07-24) | Proxmox's 5.15.158-2: Linux
          5.4.241-1-tlinux4-0017.7  | #1 SMP                             | openEuler or a relative of it
          6.6.47-12.oc9.x86_64      | #1 SMP                             | a builder that is not known here
          6.12.0-3.of-somebody      | #1 SMP                             | a builder that is not known here
          """)
  void saysWhoseFixesAreNotInTheVersion(String release, String version, String words) {
    assertThat(Rating.rate(found(release, version, "")).reason())
        .contains(words, "this is only the base");
  }

  @ParameterizedTest
  @CsvSource({"true, AFFECTED", "false, FIXED"})
  void theDrillDecidesAgainstAllElse(boolean spins, Exposure status) {
    KernelExposure exposure =
        Rating.rate(
            new KernelFindings(
                "6.18.15",
                KernelBase.of("6.18.15", "", ""),
                Optional.of(new DrillRecord(KERNEL, "2026-11-24T15:00:00Z", spins, "it did")),
                "",
                true,
                new Livepatches(List.of("fix"), Set.of("vhost_enable_notify"), Set.of(), List.of()),
                Optional.of(mention("- the fix (CVE-2026-74356)", false)),
                Optional.empty()));
    assertThat(exposure.status()).isEqualTo(status);
    assertThat(exposure.decidedBy()).contains(Clue.Source.DRILL);
    assertThat(exposure.reason()).startsWith("decided by experiment:").contains("it did");
    assertThat(exposure.clues()).filteredOn(Clue::decides).hasSize(1);
    assertThat(exposure.clues()).extracting(Clue::source).isSorted();
  }

  @Test
  void aModuleFromElsewhereMakesItUnknown() {
    for (String release : List.of("6.18.15", "7.3.4")) {
      KernelExposure exposure =
          Rating.rate(
              new KernelFindings(
                  release,
                  KernelBase.of(release, "", ""),
                  Optional.empty(),
                  "",
                  true,
                  NO_PATCH,
                  Optional.empty(),
                  Optional.empty()));
      assertThat(exposure.status()).isEqualTo(Exposure.UNKNOWN);
      assertThat(exposure.decidedBy()).contains(Clue.Source.MODULE);
    }
  }

  @ParameterizedTest
  @CsvSource({"6.18.15, UNKNOWN", "7.3.4, FIXED", "5.14.0-1.el9, UNKNOWN"})
  void aLivePatchMakesAnAffectedKernelUnknown(String release, Exposure status) {
    KernelExposure exposure =
        Rating.rate(
            new KernelFindings(
                release,
                KernelBase.of(release, "", ""),
                Optional.empty(),
                "",
                false,
                new Livepatches(
                    List.of("kpatch_7"),
                    Set.of("vhost_enable_notify"),
                    Set.of("kpatch_7"),
                    List.of()),
                Optional.empty(),
                Optional.empty()));
    assertThat(exposure.status()).isEqualTo(status);
    assertThat(exposure.clues())
        .anyMatch(
            clue ->
                clue.text()
                    .equals(
                        "live patch kpatch_7 replaces vhost_enable_notify (still in transition):"
                            + " probably the fix"));
  }

  @ParameterizedTest
  @CsvSource({
    "5.14.0-503.11.1.el9_5.x86_64, false, FIXED",
    "6.18.15, false, FIXED",
    "6.18.15, true, UNKNOWN",
    "7.3.4, true, UNKNOWN"
  })
  void aChangelogThatNamesTheFixDecides(String release, boolean reverted, Exposure status) {
    KernelExposure exposure = Rating.rate(withChangelog(release, mention("- vhost", reverted)));
    assertThat(exposure.status()).isEqualTo(status);
    assertThat(exposure.decidedBy()).contains(Clue.Source.CHANGELOG);
  }

  @Test
  void aChangelogThatDoesNotNameItDecidesNothing() {
    ChangelogResult silent = new ChangelogResult("/doc/changelog.gz", Optional.empty(), "");
    assertThat(Rating.rate(withChangelog("6.18.15", silent)).decidedBy())
        .contains(Clue.Source.VERSION);
    assertThat(Rating.rate(withChangelog("6.18.45", silent)).status()).isEqualTo(Exposure.FIXED);
    assertThat(Rating.rate(withChangelog("5.14.0-1.el9", silent)).status())
        .isEqualTo(Exposure.UNKNOWN);
  }

  @Test
  void theFunctionOfThePrerequisiteIsAHintAlone() {
    KernelExposure exposure =
        Rating.rate(
            new KernelFindings(
                "5.14.0-1.el9",
                KernelBase.of("5.14.0-1.el9", "", ""),
                Optional.empty(),
                "",
                false,
                NO_PATCH,
                Optional.empty(),
                Optional.of(true)));
    assertThat(exposure.status()).isEqualTo(Exposure.UNKNOWN);
    assertThat(exposure.clues())
        .anyMatch(clue -> clue.source() == Clue.Source.SYMBOLS && !clue.decides());
  }

  private static KernelFindings found(String release, String version, String signature) {
    return new KernelFindings(
        release,
        KernelBase.of(release, version, signature),
        Optional.empty(),
        "",
        false,
        NO_PATCH,
        Optional.empty(),
        Optional.empty());
  }

  private static KernelFindings withChangelog(String release, ChangelogResult changelog) {
    return new KernelFindings(
        release,
        KernelBase.of(release, "", ""),
        Optional.empty(),
        "",
        false,
        NO_PATCH,
        Optional.of(changelog),
        Optional.empty());
  }

  private static ChangelogResult mention(String line, boolean reverted) {
    return new ChangelogResult(
        "/doc/changelog.gz", Optional.of(new Changelog.Mention("6.1-1", line, reverted)), "");
  }
}

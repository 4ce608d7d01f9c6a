package org.vhostwatch.exposure;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Symbols;
import org.vhostwatch.probe.Rpm;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.state.StateDirectory;

/**
 * Says whether the running kernel has the bug. Reads files of the kernel and of its package and,
 * where there is no changelog in /usr/share/doc, asks rpm: some 100 ms, a few seconds at most. Not
 * for a thread that must not wait.
 */
public final class KernelRater {

  private static final int SMALL = 4 << 10;
  private static final Duration RPM_LIMIT = Duration.ofSeconds(15);
  private static final String AVAIL_IDX = "vhost_get_avail_idx";

  /** From here on every kernel has {@link #AVAIL_IDX}. */
  private static final UpstreamVersion AVAIL_IDX_CAME = new UpstreamVersion(6, 10, 0, 1);

  private final ProcFs fs;
  private final StateDirectory state;
  private final Optional<Spawner> spawner;

  /**
   * @param state where the drill leaves its result
   * @param spawner starts rpm; without, it is not asked
   */
  public KernelRater(ProcFs fs, StateDirectory state, Optional<Spawner> spawner) {
    this.fs = fs;
    this.state = state;
    this.spawner = spawner;
  }

  /** Looks, and rates. */
  public KernelExposure rate() throws InterruptedException {
    String release = fs.text("proc/sys/kernel/osrelease", SMALL).orElse("");
    KernelBase base =
        KernelBase.of(
            release,
            fs.text("proc/sys/kernel/version", SMALL).orElse(""),
            fs.text("proc/version_signature", SMALL).orElse(""));
    Optional<DrillRecord> drill = Optional.empty();
    String note = "";
    try {
      drill = DrillRecord.read(state);
      if (drill.isPresent()) {
        note = difference(drill.get().kernel(), KernelIdentity.read(fs));
      }
    } catch (IOException e) {
      note = "the result of a drill, if any, cannot be read: " + e.getMessage();
    }
    return Rating.rate(
        new KernelFindings(
            release,
            base,
            note.isEmpty() ? drill : Optional.empty(),
            note,
            fs.text("sys/module/vhost/taint", SMALL).orElse("").contains("O"),
            Livepatches.read(fs),
            changelog(release, base),
            availIdx(base)));
  }

  private static String difference(KernelIdentity then, KernelIdentity now) {
    if (now.bootId().isEmpty() || !now.bootId().equals(then.bootId())) {
      return "a drill was made before the last boot and does not count any more";
    }
    if (now.moving()) {
      return "a drill was made, but a live patch is in transition: it does not count until that is"
          + " over";
    }
    return now.equals(then)
        ? ""
        : "a drill was made, but the module vhost is gone, is from another file, or was patched since: it"
            + " does not count any more";
  }

  private Optional<ChangelogResult> changelog(String release, KernelBase base)
      throws InterruptedException {
    ChangelogResult debian = new DebianChangelog(fs).read(release, base.packageVersion());
    if (!debian.place().isEmpty()) {
      return Optional.of(debian);
    }
    if (spawner.isEmpty() || release.isEmpty() || release.contains("/")) {
      return Optional.empty();
    }
    // All entries count: rpm keeps one package for each release, and this is the one that runs.
    Changelog changelog = new Changelog("");
    Optional<Rpm.Answer> answer =
        Rpm.changelog(
            spawner.get(),
            List.of(
                fs.path("lib/modules/" + release + "/vmlinuz"), fs.path("boot/vmlinuz-" + release)),
            RPM_LIMIT,
            line -> changelog.accept(line));
    return answer.map(
        said ->
            new ChangelogResult(
                "the changelog of package " + said.owner(), changelog.mention(), said.trouble()));
  }

  private Optional<Boolean> availIdx(KernelBase base) {
    if (base.upstream().isEmpty() || base.upstream().get().compareTo(AVAIL_IDX_CAME) >= 0) {
      return Optional.empty();
    }
    return Optional.of(
        Symbols.read(fs, Set.of(AVAIL_IDX), false).function(AVAIL_IDX, "vhost").isPresent());
  }
}

package org.vhostwatch.exposure;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vhostwatch.exposure.Clue.Source;

/**
 * Rates a kernel. Pure. The first of these that says something decides:
 *
 * <ol>
 *   <li>the drill, which tried it on this very kernel;
 *   <li>a module vhost from outside of the kernel's tree: nothing below is about it, so unknown;
 *   <li>the changelog of the running package, if it names the fix;
 *   <li>a live patch of vhost, if the version is not fixed anyhow: probably the fix, so unknown;
 *   <li>the upstream version, if the kernel follows it or descends from the fix.
 * </ol>
 *
 * A changelog that does not name the fix decides nothing: many list no upstream patches.
 */
final class Rating {

  /** So many modules of live patches are named. */
  private static final int MAX_NAMED = 4;

  private final KernelFindings found;
  private final List<Clue> clues = new ArrayList<>();
  private Optional<Clue> decisive = Optional.empty();

  private Rating(KernelFindings found) {
    this.found = found;
  }

  static KernelExposure rate(KernelFindings found) {
    Rating rating = new Rating(found);
    rating.drill();
    rating.module();
    rating.changelog();
    rating.livepatches();
    rating.version();
    rating.symbols();
    return new KernelExposure(
        rating.decisive.map(Clue::says).orElse(Exposure.UNKNOWN),
        rating.decisive.map(Clue::text).orElseGet(rating::undecided),
        found.base().upstream().map(UpstreamVersion::toString).orElse(""),
        rating.clues);
  }

  private void add(Source source, Exposure says, boolean strong, String text) {
    boolean decides = strong && decisive.isEmpty();
    Clue clue = new Clue(source, says, decides, text);
    clues.add(clue);
    if (decides) {
      decisive = Optional.of(clue);
    }
  }

  private void drill() {
    if (found.drill().isPresent()) {
      DrillRecord drill = found.drill().get();
      add(
          Source.DRILL,
          drill.spins() ? Exposure.AFFECTED : Exposure.FIXED,
          true,
          "decided by experiment: the drill of " + drill.time() + " said: " + drill.sentence());
    } else if (!found.drillNote().isEmpty()) {
      add(Source.DRILL, Exposure.UNKNOWN, false, found.drillNote());
    }
  }

  private void module() {
    if (found.outOfTree()) {
      add(
          Source.MODULE,
          Exposure.UNKNOWN,
          true,
          "the loaded module vhost was built outside of the kernel's tree: the kernel's version and"
              + " package say nothing about it");
    }
  }

  private void changelog() {
    if (found.changelog().isEmpty()) {
      return;
    }
    ChangelogResult log = found.changelog().get();
    if (log.mention().isPresent()) {
      Changelog.Mention mention = log.mention().get();
      String where =
          log.place() + (mention.version().isEmpty() ? "" : ", " + mention.version()) + ": ";
      if (mention.reverted()) {
        add(
            Source.CHANGELOG,
            Exposure.UNKNOWN,
            true,
            "the fix was taken out again, " + where + mention.line());
      } else {
        add(
            Source.CHANGELOG,
            Exposure.FIXED,
            true,
            "the running package has the fix, " + where + mention.line());
      }
    } else {
      add(
          Source.CHANGELOG,
          Exposure.UNKNOWN,
          false,
          log.place()
              + (log.trouble().isEmpty()
                  ? " does not name the fix, which alone says nothing"
                  : " " + log.trouble()));
    }
  }

  private void livepatches() {
    Livepatches patches = found.livepatches();
    if (!patches.replacing().isEmpty()) {
      livepatched(
          "live patch "
              + String.join(", ", patches.replacing())
              + " replaces "
              + String.join(", ", patches.functions())
              + (patches.replacing().stream().anyMatch(patches.moving()::contains)
                  ? " (still in transition)"
                  : "")
              + ": probably the fix");
    } else if (!patches.hidden().isEmpty()) {
      livepatched(
          "live patches that do not show what they replace are loaded ("
              + String.join(", ", patches.hidden().stream().limit(MAX_NAMED).toList())
              + (patches.hidden().size() > MAX_NAMED
                  ? " and " + (patches.hidden().size() - MAX_NAMED) + " more"
                  : "")
              + "): the fix may be among them");
    }
  }

  private void livepatched(String text) {
    add(Source.LIVEPATCH, Exposure.UNKNOWN, !certainlyFixed(), text);
  }

  private boolean certainlyFixed() {
    return decidesByVersion()
        && range().map(UpstreamRanges.Range::status).equals(Optional.of(Exposure.FIXED));
  }

  private Optional<UpstreamRanges.Range> range() {
    return found.base().upstream().map(UpstreamRanges::of);
  }

  private boolean decidesByVersion() {
    KernelBase base = found.base();
    return base.upstream().isPresent()
        && (base.follows() || UpstreamRanges.descendsFromFix(base.upstream().get()));
  }

  private void version() {
    KernelBase base = found.base();
    if (base.upstream().isEmpty()) {
      add(Source.VERSION, Exposure.UNKNOWN, false, "the release names no upstream version");
      return;
    }
    UpstreamRanges.Range range = UpstreamRanges.of(base.upstream().get());
    String kernel =
        (base.packageVersion().isEmpty()
                ? ""
                : base.builder() + "'s " + base.packageVersion() + ": ")
            + "Linux "
            + base.upstream().get()
            + " ";
    if (decidesByVersion()) {
      add(
          Source.VERSION,
          range.status(),
          range.status() != Exposure.UNKNOWN,
          kernel + range.reason());
    } else {
      add(
          Source.VERSION,
          Exposure.UNKNOWN,
          false,
          kernel
              + range.reason()
              + "; but this is only the base: "
              + base.builder()
              + " adds fixes of its own choice");
    }
  }

  private void symbols() {
    if (found.availIdxFunction().equals(Optional.of(true))) {
      add(
          Source.SYMBOLS,
          Exposure.UNKNOWN,
          false,
          "this kernel has the function vhost_get_avail_idx, which came with 6.10 and is what the fix"
              + " builds on: a hint that the fix was backported too, no proof");
    }
  }

  private String undecided() {
    return clues.stream()
        .filter(clue -> clue.source() == Source.VERSION)
        .map(Clue::text)
        .findFirst()
        .orElse("nothing that can be read decides");
  }
}

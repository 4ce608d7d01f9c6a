package org.vhostwatch.http;

import java.util.List;
import java.util.stream.LongStream;
import org.vhostwatch.snapshot.IncidentTotals;

/**
 * When incidents were, as a picture: a row of bars, the newest on top, from the oldest of them to
 * now. The table beside it says the same in words.
 */
final class Timeline {

  private static final long HOUR = 3_600_000;

  /** What the picture spans: the shortest of these that shows all, or all of it. */
  private static final long[] SPANS = {HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR};

  private static final int WIDTH = 1000;
  private static final int ROW = 12;

  /** A bar that is as long as the livelock may be too short to be seen. */
  private static final long MIN_WIDTH = 6;

  private Timeline() {}

  static void write(Html html, List<IncidentTotals.Row> incidents, long now) {
    long oldest = incidents.stream().mapToLong(IncidentTotals.Row::firstSign).min().orElse(now);
    long span =
        LongStream.of(SPANS).filter(each -> now - oldest <= each).findFirst().orElse(now - oldest);
    int height = ROW * incidents.size() + ROW / 2;
    html.open(
        "svg",
        "viewBox",
        "0 0 " + WIDTH + " " + height,
        "height",
        String.valueOf(height),
        "preserveAspectRatio",
        "none",
        "role",
        "img",
        "aria-label",
        "When the incidents below were, within the last " + Ages.length(span));
    for (int quarter = 1; quarter < 4; quarter++) {
      String x = String.valueOf(quarter * WIDTH / 4);
      html.open("line", "x1", x, "x2", x, "y1", "0", "y2", String.valueOf(height)).close();
    }
    for (int i = 0; i < incidents.size(); i++) {
      bar(html, incidents.get(i), i * ROW + ROW / 2, now, span);
    }
    html.close();
    html.open("p", "class", "scale soft")
        .element("span", Ages.length(span) + " ago")
        .element("span", "now")
        .close();
  }

  private static void bar(Html html, IncidentTotals.Row incident, int y, long now, long span) {
    boolean open = incident.ended() == 0;
    long from = position(incident.firstSign(), now, span);
    long to = Math.max(position(open ? now : incident.ended(), now, span), from + MIN_WIDTH);
    // At the right edge it must not stick out of the picture.
    long x = Math.min(from, WIDTH - MIN_WIDTH);
    html.open(
            "rect",
            "class",
            open ? "open" : "over",
            "x",
            String.valueOf(x),
            "y",
            String.valueOf(y),
            "width",
            String.valueOf(Math.min(to, WIDTH) - x),
            "height",
            // Taller while it goes on: not by its colour alone.
            String.valueOf(open ? ROW - 3 : ROW / 2 - 1))
        .close();
  }

  private static long position(long at, long now, long span) {
    return Math.max(0, Math.min(WIDTH, WIDTH - (now - at) * WIDTH / span));
  }
}

package org.vhostwatch.report;

import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.HostExposure;
import org.vhostwatch.snapshot.HostSnapshot;

/** Exit codes of the commands: those of monitoring plugins, and two of sysexits.h. */
public final class ExitCode {

  /** Nothing wrong. */
  public static final int OK = 0;

  /**
   * A queue spins or is stalled, or a worker is busy for no known cause, or the daemon sees less
   * than it should, or less could be done than was asked for.
   */
  public static final int WARNING = 1;

  /** A queue is livelocked. */
  public static final int LIVELOCKED = 2;

  /** It cannot be told. */
  public static final int UNKNOWN = 3;

  /** It was not done, because there is no reason to do it; a flag insists. */
  public static final int REFUSED = 4;

  /** The command line is wrong. */
  public static final int USAGE = 64;

  /** The configuration is wrong. */
  public static final int CONFIGURATION = 78;

  private ExitCode() {}

  /**
   * Returns the code of the worst verdict, a warning if that is none and a worker is unexplained.
   */
  public static int of(Findings findings) {
    return of(findings.worst(), findings.unexplained().isEmpty());
  }

  /** Returns the same of what the daemon sees; a warning too if it is degraded. */
  public static int of(HostSnapshot host) {
    return of(host.worst(), host.unexplained().isEmpty() && !host.probes().degraded());
  }

  private static int of(Verdict worst, boolean fine) {
    int code = of(worst);
    return code == OK && !fine ? WARNING : code;
  }

  /** Returns the code of a host's exposure. */
  public static int of(HostExposure host) {
    if (host.kernel().status() == Exposure.FIXED || host.noneCanBeHit()) {
      return OK;
    }
    return host.kernel().status() == Exposure.AFFECTED ? WARNING : UNKNOWN;
  }

  /** Returns the code of a verdict. */
  public static int of(Verdict verdict) {
    return switch (verdict) {
      case HEALTHY, BUSY -> OK;
      case SPINNING, STALLED -> WARNING;
      case LIVELOCKED -> LIVELOCKED;
      case UNKNOWN -> UNKNOWN;
    };
  }
}

package org.vhostwatch.cli;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Keys;
import org.vhostwatch.config.Problem;
import org.vhostwatch.http.Protection;
import org.vhostwatch.log.Log;

/**
 * Reads the configuration again while the daemon runs. What is wrong changes nothing; what cannot
 * change stays, and that is said by name.
 */
final class Reloader {

  private final Supplier<Configuration.Found> source;
  private final Daemon daemon;
  private final InetSocketAddress serves;
  private Configuration inForce;

  /** Who goes by the configuration. */
  interface Daemon {

    /**
     * Makes ready all that can fail.
     *
     * @param certificates whether certificate and key are read again, too
     * @return puts it in force; nothing has changed before it is run
     * @throws Protection.UnusableException if a file that the configuration names cannot be used
     */
    Runnable prepare(Configuration next, boolean certificates) throws Protection.UnusableException;
  }

  /**
   * @param inForce what the daemon was started with
   * @param serves where it listens, whatever is configured since
   * @param source reads it anew
   * @param daemon takes what is in force after that
   */
  Reloader(
      Configuration inForce,
      InetSocketAddress serves,
      Supplier<Configuration.Found> source,
      Daemon daemon) {
    this.inForce = inForce;
    this.serves = serves;
    this.source = source;
    this.daemon = daemon;
  }

  synchronized void reload() {
    Configuration.Found found = source.get();
    List<Problem> problems = found.problems();
    if (!problems.isEmpty()) {
      refuse(Configured.lines(problems));
      return;
    }
    Configuration.Reload reload = inForce.reload(found.configuration());
    Runnable change;
    try {
      change = daemon.prepare(reload.next(), reload.kept().stream().noneMatch(Reloader::ofTls));
    } catch (Protection.UnusableException e) {
      refuse(List.of(String.valueOf(e.getMessage())));
      return;
    }
    inForce = reload.next();
    change.run();
    Log.configReloaded(changes(reload.changed()));
    for (Configuration.Change kept : reload.kept()) {
      Log.configKeyKept(
          kept.before().key().name(),
          kept.before().text(),
          kept.after().text(),
          kept.after().origin().text());
    }
    RunCommand.warnIfExposed(inForce, serves);
  }

  /**
   * Who names other files may have removed those that are in force: they are not read again, and
   * what was read of them stays. It must not keep a user in who has none of the new passwords.
   */
  private static boolean ofTls(Configuration.Change kept) {
    return List.of(Keys.TLS_CERTIFICATE, Keys.TLS_KEY).contains(kept.before().key());
  }

  private static void refuse(List<String> problems) {
    problems.forEach(Log::configProblem);
    Log.configRefused();
  }

  private static String changes(List<Configuration.Change> changes) {
    return changes.isEmpty()
        ? "nothing has changed"
        : changes.stream()
            .map(
                change ->
                    change.after().key()
                        + " "
                        + change.before().text()
                        + " -> "
                        + change.after().text())
            .collect(Collectors.joining(", "));
  }
}

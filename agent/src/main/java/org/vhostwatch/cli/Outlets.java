package org.vhostwatch.cli;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Keys;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.Keeper;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.metrics.TextFile;
import org.vhostwatch.notify.Alertmanager;
import org.vhostwatch.notify.Hook;
import org.vhostwatch.notify.Notices;

/** What the daemon tells without being asked, as far as it is configured; each has its thread. */
final class Outlets implements Notices, AutoCloseable {

  private final List<Hook> hooks = new ArrayList<>();
  private final List<Alertmanager> alertmanagers = new ArrayList<>();
  private final AtomicReference<@Nullable TextFile> textFile = new AtomicReference<>();
  private final Notices notices;

  private Outlets(List<String> command, List<URI> urls, String host) {
    List<Notices> all = new ArrayList<>();
    if (!command.isEmpty()) {
      hooks.add(new Hook(command, Hook.LIMIT));
    }
    urls.forEach(url -> alertmanagers.add(new Alertmanager(url, host, Alertmanager.Pace.DEFAULT)));
    all.addAll(hooks);
    all.addAll(alertmanagers);
    this.notices = Notices.to(all);
  }

  /**
   * Starts those that tell of incidents.
   *
   * @param host what this host is called
   */
  static Outlets of(Configuration configuration, String host) {
    return new Outlets(
        configuration.get(Keys.ON_INCIDENT), configuration.get(Keys.ALERTMANAGER_URL), host);
  }

  /** Starts to write metrics to a file, if that is configured. */
  void textFile(Configuration configuration, Exposition exposition) {
    configuration
        .get(Keys.TEXTFILE_DIR)
        .ifPresent(folder -> textFile.set(new TextFile(folder, exposition, TextFile.PERIOD)));
  }

  @Override
  public void incident(Keeper.What what, Incident incident) {
    notices.incident(what, incident);
  }

  /** Ends them; a second time does nothing. */
  @Override
  public void close() {
    TextFile file = textFile.getAndSet(null);
    if (file != null) {
      file.close();
    }
    hooks.forEach(Hook::close);
    alertmanagers.forEach(Alertmanager::close);
  }
}

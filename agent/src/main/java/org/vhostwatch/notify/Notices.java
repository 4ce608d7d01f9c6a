package org.vhostwatch.notify;

import java.util.List;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.Keeper;

/** Takes what happens to incidents. Called by the daemon's loop: it must not block. */
public interface Notices {

  /** Takes nothing. */
  Notices NONE = (what, incident) -> {};

  /** Takes that something happened to an incident. */
  void incident(Keeper.What what, Incident incident);

  /** Returns one that passes on to all of these. */
  static Notices to(List<Notices> all) {
    return (what, incident) -> all.forEach(each -> each.incident(what, incident));
  }
}

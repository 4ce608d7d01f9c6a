package org.vhostwatch.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Tasks;
import org.vhostwatch.report.JsonText;
import org.vhostwatch.state.StateDirectory;

/**
 * What the daemon that runs goes by, as it wrote it down at its start and at each reload.
 *
 * @param pid of the daemon
 * @param settings the texts of its settings, by key
 */
public record Running(int pid, Map<String, String> settings) {

  private static final String FILE = "configuration.json";
  private static final String SCHEMA = "vhostwatch.running-configuration/1";
  private static final int MAX_BYTES = 64 << 10;
  private static final JsonFactory JSON = new JsonFactory();

  /** Writes down what this process goes by. */
  public static void write(Configuration inForce, ProcFs fs, StateDirectory state)
      throws IOException {
    int pid = (int) ProcessHandle.current().pid();
    long start = Tasks.starts(fs, List.of(pid)).getOrDefault(pid, 0L);
    String text =
        JsonText.of(
            json ->
                json.text("schema", SCHEMA)
                    .text("pid", Integer.toString(pid))
                    .text("start", Long.toString(start))
                    .object(
                        "settings",
                        fields ->
                            inForce
                                .settings()
                                .forEach(
                                    setting -> fields.text(setting.key().name(), setting.text()))));
    state.write(FILE, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads what the daemon has written; empty if none runs.
   *
   * @throws IOException if it cannot be read, or is none of ours
   */
  public static Optional<Running> read(ProcFs fs, StateDirectory state) throws IOException {
    Optional<byte[]> bytes = state.read(FILE, MAX_BYTES);
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    Map<String, String> fields = new HashMap<>();
    Map<String, String> settings = new HashMap<>();
    try (JsonParser json = JSON.createParser(bytes.get())) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a configuration of a daemon");
      }
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
          boolean inner = "settings".equals(json.getParsingContext().getParent().getCurrentName());
          (inner ? settings : fields).put(json.currentName(), json.getText());
        }
      }
    }
    if (!SCHEMA.equals(fields.get("schema"))) {
      throw new IOException("not a configuration of a daemon");
    }
    try {
      int pid = Integer.parseInt(fields.getOrDefault("pid", ""));
      long start = Long.parseLong(fields.getOrDefault("start", ""));
      // Numbers of processes are used again; with its start it is that one.
      return Tasks.starts(fs, List.of(pid)).getOrDefault(pid, -1L) == start
          ? Optional.of(new Running(pid, settings))
          : Optional.empty();
    } catch (NumberFormatException e) {
      throw new IOException("not a configuration of a daemon", e);
    }
  }

  /**
   * A key of which the daemon goes by something else than what is configured.
   *
   * @param runs what the daemon goes by, empty if it does not know the key
   * @param remedy what makes it go by what is configured: a reload or a restart
   */
  public record Difference(Setting<?> configured, String runs, String remedy) {}

  /** Returns where the daemon goes by something else. */
  public List<Difference> differences(Configuration configured) {
    boolean moves = !means(configured.setting(Keys.LISTEN), runs(Keys.LISTEN));
    List<Difference> differences = new ArrayList<>();
    for (Setting<?> setting : configured.settings()) {
      String runs = runs(setting.key());
      if (!means(setting, runs)) {
        boolean reload = !runs.isEmpty() && Configuration.taken(setting, moves);
        differences.add(new Difference(setting, runs, reload ? "reload" : "restart"));
      }
    }
    return differences;
  }

  private String runs(Key<?> key) {
    return settings.getOrDefault(key.name(), "");
  }

  private static <T> boolean means(Setting<T> setting, String text) {
    try {
      return setting.means(Setting.of(setting.key(), text, Origin.NOWHERE));
    } catch (BadValue e) {
      return false;
    }
  }
}

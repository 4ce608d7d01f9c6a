package org.vhostwatch.incident;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.state.StateDirectory;

/**
 * What lies in the folder of incidents.
 *
 * @param incidents those that could be read, newest first
 * @param troubles what could not, one line a file
 */
public record Stored(List<Incident> incidents, List<String> troubles) {

  /** Name of the folder in the state folder. */
  public static final String FOLDER = "incidents";

  static final String JSON = ".json";
  static final String RECORDING = ".recording";

  /** Longer files are none of this program. */
  static final int MAX_JSON_BYTES = 512 << 10;

  static final int MAX_RECORDING_BYTES = 4 << 20;

  /** More lines about damage than anybody reads. */
  private static final int MAX_TROUBLES = 20;

  public Stored {
    incidents = List.copyOf(incidents);
    troubles = List.copyOf(troubles);
  }

  /**
   * Reads all incidents; a file that is damaged, foreign or too long becomes a trouble.
   *
   * @throws IOException if the folder itself cannot be read; one that is not there is empty
   */
  public static Stored read(StateDirectory folder) throws IOException {
    List<Incident> incidents = new ArrayList<>();
    List<String> troubles = new ArrayList<>();
    Set<String> names = new HashSet<>(folder.names());
    for (String name : names.stream().sorted().toList()) {
      if (!name.endsWith(JSON)) {
        continue;
      }
      String id = name.substring(0, name.length() - JSON.length());
      try {
        Optional<byte[]> content = folder.read(name, MAX_JSON_BYTES);
        if (content.isPresent()) {
          Incident incident = IncidentJson.read(new String(content.get(), StandardCharsets.UTF_8));
          if (!incident.id().equals(id)) {
            throw new IOException("it holds the incident " + incident.id());
          }
          incidents.add(incident.withRecording(names.contains(id + RECORDING)));
        }
      } catch (IOException | IllegalArgumentException e) {
        if (troubles.size() < MAX_TROUBLES) {
          troubles.add(folder.path().resolve(name) + " is no incident: " + oneLine(e));
        }
      }
    }
    incidents.sort(
        Comparator.comparingLong((Incident incident) -> incident.first().firstSign())
            .thenComparing(Incident::id)
            .reversed());
    return new Stored(incidents, troubles);
  }

  /**
   * Returns the recording of an incident, if there is one.
   *
   * @throws IOException if it cannot be read, or a line of it is damaged
   */
  public static Optional<byte[]> recording(StateDirectory folder, String id) throws IOException {
    Optional<byte[]> recording = folder.read(id + RECORDING, MAX_RECORDING_BYTES);
    if (recording.isPresent()) {
      int number = 0;
      for (String line : lines(recording.get())) {
        number++;
        try {
          JsonTree.parse(line);
        } catch (IOException e) {
          throw new IOException("line " + number + " is damaged: " + oneLine(e), e);
        }
      }
    }
    return recording;
  }

  static List<String> lines(byte[] recording) {
    return new String(recording, StandardCharsets.UTF_8).lines().toList();
  }

  /** The parser's messages go on with where it was, on further lines. */
  static String oneLine(Exception e) {
    String message = String.valueOf(e.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}

package org.vhostwatch.incident;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncidentJsonTest {

  @Test
  void whatIsWrittenIsReadAsItWas() throws IOException {
    Incident incident = IncidentSamples.full("a\",b\n{}\u202e\u00e9");
    assertThat(IncidentJson.read(IncidentJson.of(incident)))
        .usingRecursiveComparison()
        .ignoringFields("looks.queue")
        .isEqualTo(incident);
    assertThat(IncidentJson.of(IncidentJson.read(IncidentJson.of(incident))))
        .isEqualTo(IncidentJson.of(incident));
  }

  @Test
  void anIdIsAFileNameWhateverTheVmIsCalled() {
    assertThat(IncidentSamples.full("../../etc/passwd").id()).matches("[0-9A-Za-z-]+");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"schema\":\"vhostwatch.incident/2\"}",
        "{\"schema\":\"vhostwatch.incident/1\"}",
        "{\"schema\":1}",
        "\u0000\u0001",
      })
  void whatIsNoIncidentIsRefusedInWords(String text) {
    assertThatThrownBy(() -> IncidentJson.read(text))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("(?s).+");
  }

  @Test
  void aDeeplyNestedFileDoesNotUseUpTheStack() {
    String deep = "{\"schema\":" + "[".repeat(900) + "]".repeat(900) + "}";
    assertThatThrownBy(() -> IncidentJson.read(deep)).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void damageIsRefusedOrReadButNeverWorse(long seed) {
    byte[] whole = IncidentJson.of(IncidentSamples.full("web01")).getBytes(StandardCharsets.UTF_8);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 500; i++) {
      byte[] damaged = whole.clone();
      for (int j = 0; j <= random.nextInt(4); j++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      String text =
          new String(damaged, 0, 1 + random.nextInt(damaged.length), StandardCharsets.UTF_8);
      try {
        IncidentText.of(IncidentJson.read(text));
      } catch (IOException e) {
        assertThat(Stored.oneLine(e)).isNotEmpty().doesNotContain("\n");
      }
    }
  }
}

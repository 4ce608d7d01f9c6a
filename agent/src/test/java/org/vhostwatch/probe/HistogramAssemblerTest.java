package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class HistogramAssemblerTest {

  private final HistogramAssembler histograms = new HistogramAssembler();

  private void lines(String... lines) {
    for (String line : lines) {
      histograms.accept(MessageParser.parse(line));
    }
  }

  @Test
  void countsWhatEachFunctionReturned() {
    lines(
        "{\"type\": \"map\", \"data\": {\"@all_get_rx\": {\"0\": 3, \"1\": 700, \"2\": 1}}}",
        "{\"type\": \"map\", \"data\": {\"@all_peek\": {\"64\": 5, \"1536\": 600, \"65536\": 2}}}",
        "{\"type\": \"map\", \"data\": {\"@all_bytes\": 912345}}",
        "{\"type\": \"map\", \"data\": {\"@all_desc\": {\"0\": 9, \"1\": 800, \"2\": 4}}}",
        "{\"type\": \"map\", \"data\": {\"@all_recvmsg\": 699}}",
        "{\"type\": \"map\", \"data\": {\"@passes\": {\"18446612682182951104\": 3}}}");
    assertThat(histograms.counts())
        .isEqualTo(
            new ReturnCounts(
                3,
                700,
                1,
                new TreeMap<>(Map.of(64L, 5L, 1536L, 600L, 65536L, 2L)),
                912_345,
                800,
                9,
                4));
  }

  @Test
  void whereGetRxBufsIsInlinedItsReturnsFollowFromPassesAndPackets() {
    lines(
        "{\"type\": \"map\", \"data\": {\"@passes\": {\"1\": 3, \"2\": 4}}}",
        "{\"type\": \"map\", \"data\": {\"@all_recvmsg\": 50}}",
        "{\"type\": \"map\", \"data\": {\"@all_recvmsg_tap\": 5}}");
    assertThat(histograms.counts().getRxBufsZero()).isEqualTo(7);
    assertThat(histograms.counts().getRxBufsPositive()).isEqualTo(55);
  }

  @Test
  void theLastPrintOfAMapStandsForAll() {
    lines(
        "{\"type\": \"map\", \"data\": {\"@all_desc\": {\"1\": 8}}}",
        "{\"type\": \"map\", \"data\": {\"@all_desc\": {\"1\": 9}}}",
        "{\"type\": \"map\", \"data\": {\"@all_peek\": {\"odd\": 9}}}");
    assertThat(histograms.counts().descriptorHeads()).isEqualTo(9);
    assertThat(histograms.counts().peekLengths()).isEmpty();
  }
}

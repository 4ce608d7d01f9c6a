package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeapWatchTest {

  private static final long MEBIBYTE = 1 << 20;

  @ParameterizedTest
  @CsvSource({"10, 10, false", "19, 10, false", "20, 10, true", "4, 0, false", "5, 0, true"})
  void isDueWhenMuchCameSinceTheLastTime(long used, long live, boolean due) {
    assertThat(HeapWatch.due(used * MEBIBYTE, live * MEBIBYTE)).isEqualTo(due);
  }
}

package org.vhostwatch.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A fuzzer that finds nothing must be one that could have found something. */
class MeterTest {

  private static final int KIB = 1 << 10;

  private static volatile byte[] kept = {};

  @Test
  void anExceptionIsADefect() {
    assertThatThrownBy(() -> meter(input -> Integer.parseInt("x")).take(new byte[1]))
        .isInstanceOf(NumberFormatException.class);
  }

  @Test
  void tooMuchMemoryIsADefect() {
    Meter meter = meter(input -> kept = new byte[64 * KIB]);
    assertThatThrownBy(() -> meter.take(new byte[1]))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("an input of 1 bytes took")
        .hasMessageContaining("and may 8192");
  }

  @Test
  void aLongInputMayTakeMore() throws Exception {
    Meter meter = meter(input -> kept = new byte[64 * KIB]);
    meter.take(new byte[16 * KIB]);
    assertThat(meter.inputs()).isEqualTo(1);
    assertThat(meter.largest()).isGreaterThanOrEqualTo(64 * KIB);
  }

  @Test
  void anInputThatTakesTooLongIsADefect() {
    Meter meter =
        new Meter(
            target(input -> TimeUnit.MILLISECONDS.sleep(3)), TimeUnit.MILLISECONDS.toNanos(2), 1);
    assertThatThrownBy(() -> meter.take(new byte[7]))
        .isInstanceOf(AssertionError.class)
        .hasMessageMatching("made up: an input of 7 bytes took \\d+ ms");
  }

  @Test
  void whatCostsTooMuchOnceIsNoDefect() throws Exception {
    boolean[] loaded = {false};
    Meter meter =
        meter(
            input -> {
              kept = new byte[loaded[0] ? 1 : 64 * KIB];
              loaded[0] = true;
            });
    meter.take(new byte[1]);
    assertThat(meter.inputs()).isEqualTo(1);
  }

  private static Meter meter(FuzzTarget.Reader reader) {
    return new Meter(target(reader));
  }

  private static FuzzTarget target(FuzzTarget.Reader reader) {
    return new FuzzTarget("made up", "nothing", 16 * KIB, 8 * KIB - 5, 5, () -> reader);
  }
}

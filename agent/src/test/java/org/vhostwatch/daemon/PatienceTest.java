package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PatienceTest {

  private final Patience patience = new Patience();

  private long seconds() {
    return patience.limit().toSeconds();
  }

  @Test
  void whoWasEndedGetsMoreTimeWithinReason() {
    assertThat(seconds()).isEqualTo(60);
    patience.wasTooShort();
    assertThat(seconds()).isEqualTo(120);
    patience.wasTooShort();
    assertThat(seconds()).isEqualTo(180);
    patience.wasTooShort();
    assertThat(seconds()).as("the next one that hangs is noticed sooner").isEqualTo(60);
  }

  @Test
  void whatIsSlowKeepsItsTimeAndWhatIsNotLosesIt() {
    patience.wasTooShort();
    patience.took(Duration.ofSeconds(70));
    assertThat(seconds()).as("as slow once more is no reason to be ended").isEqualTo(180);
    patience.took(Duration.ofSeconds(2));
    assertThat(seconds()).isEqualTo(60);
    patience.took(Duration.ofHours(9));
    assertThat(seconds()).as("a host that slept").isEqualTo(180);
  }
}

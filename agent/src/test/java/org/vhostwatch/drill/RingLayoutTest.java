package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RingLayoutTest {
  @Test
  void ringOf256LiesAsTheSpecificationSays() {
    RingLayout ring = RingLayout.at(0, 256);
    assertThat(ring.descriptor(255)).isEqualTo(4080);
    assertThat(ring.available()).isEqualTo(4096);
    assertThat(ring.availableIndex()).isEqualTo(4098);
    assertThat(ring.availableHead(0)).isEqualTo(4100);
    assertThat(ring.usedEvent()).isEqualTo(4612);
    assertThat(ring.used()).isEqualTo(4616);
    assertThat(ring.usedIndex()).isEqualTo(4618);
    assertThat(ring.usedElement(0)).isEqualTo(4620);
    assertThat(ring.availableEvent()).isEqualTo(6668);
    assertThat(ring.end()).isEqualTo(6670);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 16, 256, 1024, 32_768})
  void partsAreAlignedAndDoNotOverlap(int size) {
    RingLayout ring = RingLayout.at(4096, size);
    assertThat(ring.descriptors() % 16).isZero();
    assertThat(ring.available() % 2).isZero();
    assertThat(ring.used() % 4).isZero();
    assertThat(ring.available()).isGreaterThanOrEqualTo(ring.descriptor(size - 1) + 16);
    assertThat(ring.used()).isGreaterThanOrEqualTo(ring.usedEvent() + 2);
    assertThat(ring.end()).isEqualTo(ring.availableEvent() + 2);
  }

  @Test
  void slotFollowsTheIndexAcrossItsWrap() {
    RingLayout ring = RingLayout.at(0, 256);
    assertThat(ring.slot(255)).isEqualTo(255);
    assertThat(ring.slot(256)).isZero();
    assertThat(ring.slot(65_535)).isEqualTo(255);
  }

  @Test
  void sizeAndStartAreChecked() {
    assertThatThrownBy(() -> RingLayout.at(0, 100)).hasMessageContaining("100");
    assertThatThrownBy(() -> RingLayout.at(0, 65_536)).hasMessageContaining("65536");
    assertThatThrownBy(() -> RingLayout.at(8, 256)).hasMessageContaining("8");
  }
}

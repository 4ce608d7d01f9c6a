package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PseudonymsTest {

  private final Pseudonyms pseudonyms = new Pseudonyms();

  @Test
  void anAddressHasTheSameOtherInAllAnswersOfAProcess() {
    String text = "{\"vq\":\"0xffff888012340000\",\"also\":\"at 0xffff888012340000-7\"}";
    String other = pseudonyms.in(text);
    assertThat(other).doesNotContain("888012340000").isEqualTo(pseudonyms.in(text));
    String address = other.substring(7, 25);
    assertThat(address).matches("0xffff[0-9a-f]{12}");
    assertThat(other).isEqualTo("{\"vq\":\"" + address + "\",\"also\":\"at " + address + "-7\"}");
    assertThat(new Pseudonyms().in(text)).as("of another process").isNotEqualTo(other);
  }

  @Test
  void anAddressOfFiveLevelsIsOneAndWhatIsNoneStays() {
    assertThat(pseudonyms.in("0xff11000012345678")).doesNotContain("ff11000012345678");
    String others =
        "vm ffff888012340000 0xffff 0x7fffffffffffffff a0xffff888012340000 0xffff88801234000012";
    assertThat(pseudonyms.in(others)).isEqualTo(others);
  }
}

package org.vhostwatch.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class NativeMemoryTest {
  @Test
  void mappedMemoryIsZeroedAndRoundedToPages() throws IOException {
    try (NativeMemory memory = NativeMemory.map(5000)) {
      assertThat(memory.size()).isEqualTo(8192);
      assertThat(memory.address() % 4096).isZero();
      assertThat(memory.getLong(8184)).isZero();
    }
  }

  @Test
  void valuesComeBackAsTheyWerePut() throws IOException {
    NativeMemory memory = NativeMemory.allocate(24);
    memory.putU16(0, 0xfffe);
    memory.putInt(4, -5);
    memory.putLong(8, 0x1122334455667788L);
    memory.put(16, new byte[] {1, 2, 3, (byte) 0xff});
    assertThat(memory.getU16(0)).isEqualTo(0xfffe);
    assertThat(memory.getInt(4)).isEqualTo(-5);
    assertThat(memory.getLong(8)).isEqualTo(0x1122334455667788L);
    assertThat(memory.get(16, 4)).containsExactly(1, 2, 3, 0xff);
    assertThat(memory.getU8(19)).isEqualTo(0xff);
  }

  @Test
  void accessBeyondTheEndIsRefusedWithItsPlace() throws IOException {
    NativeMemory memory = NativeMemory.allocate(16);
    assertThatThrownBy(() -> memory.putInt(13, 1))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("4 bytes at offset 13 of memory of 16 bytes");
    assertThatThrownBy(() -> memory.getU16(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void accessAfterCloseIsRefused() throws IOException {
    NativeMemory memory = NativeMemory.map(4096);
    memory.close();
    memory.close();
    assertThatThrownBy(() -> memory.getInt(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void sizeMustBePositive() {
    assertThatThrownBy(() -> NativeMemory.map(0)).hasMessageContaining("0");
    assertThatThrownBy(() -> NativeMemory.allocate(-3)).hasMessageContaining("-3");
  }
}

package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OwnWordsTest {

  private static InputStream pipe(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void whatWasSaidBeforeTheEndIsReadToTheEnd() throws Exception {
    InputStream words = new OwnWords(pipe("last words"), () -> true);
    assertThat(words.readAllBytes()).asString().isEqualTo("last words");
  }

  @Test
  void itEndsWithTheProcessThoughNobodyClosesThePipe() throws Exception {
    PipedInputStream held = new PipedInputStream();
    try (PipedOutputStream holder = new PipedOutputStream(held)) {
      assertThat(holder).isNotNull();
      AtomicInteger asked = new AtomicInteger();
      assertThat(new OwnWords(held, () -> asked.incrementAndGet() > 3).read()).isEqualTo(-1);
      assertThat(asked).hasValue(4);
    }
  }

  @Test
  void whoTalksOnAfterTheEndIsNotListenedTo() throws Exception {
    InputStream endless =
        new ByteArrayInputStream(new byte[1_000_000]) {
          @Override
          public synchronized int available() {
            return 1000;
          }
        };
    assertThat(new OwnWords(endless, () -> true).readAllBytes()).hasSize(1000);
  }
}

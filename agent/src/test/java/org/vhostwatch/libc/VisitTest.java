package org.vhostwatch.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class VisitTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  private final CountDownLatch held = new CountDownLatch(1);
  private final CompletableFuture<Fd> late = new CompletableFuture<>();

  @Test
  void whatIsOpenedIsTheCallers() throws IOException {
    try (Fd fd = Visit.open("visitor", "somewhere", LONG, () -> Fd.open("/dev/null"))) {
      assertThat(fd.number()).isNotNegative();
    }
  }

  @Test
  void whatTheVisitorThrowsTheCallerGets() {
    assertThatThrownBy(() -> Visit.open("visitor", "somewhere", LONG, () -> Fd.open("/none")))
        .isInstanceOf(LibcException.class)
        .hasMessageContaining("/none");
  }

  @Test
  void whatComesTooLateIsClosed() {
    assertThatThrownBy(
            () -> Visit.open("visitor", "somewhere", Duration.ofMillis(20), this::openWhenLetGo))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("somewhere: not entered within ");
    held.countDown();
    assertClosed();
  }

  @Test
  void whatComesAfterAnInterruptIsClosed() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Visit.open("visitor", "somewhere", LONG, this::openWhenLetGo))
        .isInstanceOf(IOException.class)
        .hasMessage("somewhere: interrupted");
    assertThat(Thread.interrupted()).isTrue();
    held.countDown();
    assertClosed();
  }

  private Fd openWhenLetGo() throws IOException {
    try {
      held.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    Fd fd = Fd.open("/dev/null");
    late.complete(fd);
    return fd;
  }

  private void assertClosed() {
    Fd fd = late.join();
    await()
        .untilAsserted(
            () -> assertThatThrownBy(fd::number).isInstanceOf(IllegalStateException.class));
  }
}

package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.vhostwatch.probe.Spawner.Task;

class SpawnerTest {

  private final AtomicLong now = new AtomicLong();
  private final Spawner spawner = new Spawner(now::get);

  /** Waits in the kernel, where no signal reaches it. */
  private static final class Stuck extends Process {
    boolean alive = true;

    @Override
    public OutputStream getOutputStream() {
      return OutputStream.nullOutputStream();
    }

    @Override
    public InputStream getInputStream() {
      return InputStream.nullInputStream();
    }

    @Override
    public InputStream getErrorStream() {
      return InputStream.nullInputStream();
    }

    @Override
    public int waitFor() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int exitValue() {
      throw new IllegalThreadStateException();
    }

    @Override
    public void destroy() {}

    @Override
    public Process destroyForcibly() {
      return this;
    }

    @Override
    public boolean isAlive() {
      return alive;
    }

    @Override
    public long pid() {
      return 4711;
    }
  }

  @Test
  void besideOneThatCannotBeKilledNoOtherIsStartedForTheSame() {
    Stuck stuck = new Stuck();
    spawner.remembered(stuck, Task.PROBES);
    now.set(TimeUnit.HOURS.toNanos(1));
    assertThatCode(() -> spawner.refuseBeside(Task.PROBES))
        .as("it runs")
        .doesNotThrowAnyException();
    spawner.kill(stuck);
    now.addAndGet(TimeUnit.SECONDS.toNanos(4));
    spawner.kill(stuck);
    assertThatCode(() -> spawner.refuseBeside(Task.PROBES))
        .as("it dies")
        .doesNotThrowAnyException();
    now.addAndGet(TimeUnit.SECONDS.toNanos(2));
    assertThatThrownBy(() -> spawner.refuseBeside(Task.PROBES))
        .hasMessageContaining("process 4711");
    assertThatCode(() -> spawner.refuseBeside(Task.CENSUS)).doesNotThrowAnyException();
    stuck.alive = false;
    assertThatCode(() -> spawner.refuseBeside(Task.PROBES)).doesNotThrowAnyException();
  }

  @Test
  void besideSixThatCannotBeKilledNoOtherIsStarted() throws Exception {
    List<Stuck> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Process started = spawner.start(Task.OTHER, List.of("/bin/true"), Map.of());
      assertThat(started.waitFor()).isZero();
      Stuck stuck = new Stuck();
      all.add(stuck);
      spawner.remembered(stuck, Task.OTHER);
      spawner.kill(stuck);
      now.addAndGet(TimeUnit.SECONDS.toNanos(6));
    }
    assertThatThrownBy(() -> spawner.start(Task.OTHER, List.of("/bin/true"), Map.of()))
        .hasMessageContaining("/bin/true: not started: 6 programs")
        .hasMessageContaining("4711, 4711");
    assertThat(spawner.start(Task.LOOK, List.of("/bin/true"), Map.of()).waitFor())
        .as("what watches is not held up")
        .isZero();
    all.get(3).alive = false;
    assertThat(spawner.start(Task.OTHER, List.of("/bin/true"), Map.of()).waitFor()).isZero();
  }
}

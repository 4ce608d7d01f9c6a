package org.vhostwatch.exposure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;

class KernelIdentityTest {

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path root;

  @SuppressWarnings("NullAway.Init") // set before each test
  private FakeHost host;

  @BeforeEach
  void aHostWithFivePatchesThatDoNotShowWhatTheyReplace() {
    host = new FakeHost(root).file("sys/module/vhost/srcversion", "AAAA\n");
    for (int patch = 1; patch <= 5; patch++) {
      host.file("sys/module/ksplice_" + patch + "/srcversion", "CAFE" + patch + "\n");
    }
  }

  private KernelIdentity read() {
    return KernelIdentity.read(host.fs());
  }

  @Test
  void eachPatchCountsHoweverManyThereAre() {
    KernelIdentity five = read();
    assertThat(read()).isEqualTo(five);
    host.file("sys/module/ksplice_6/srcversion", "CAFE6\n");
    KernelIdentity six = read();
    assertThat(six).isNotEqualTo(five);
    host.remove("sys/module/ksplice_5");
    assertThat(read()).isNotEqualTo(six).isNotEqualTo(five);
  }

  @Test
  void aPatchOfTheSameNameFromAnotherFileIsAnother() {
    KernelIdentity before = read();
    host.file("sys/module/ksplice_5/srcversion", "BEEF\n");
    assertThat(read()).isNotEqualTo(before);
  }

  @Test
  void aPatchWithoutAHashThatIsLoadedAgainIsAnother() throws IOException {
    host.file("sys/module/kcare/initstate", "live\n");
    KernelIdentity before = read();
    Files.move(root.resolve("sys/module/kcare"), root.resolve("before"));
    host.file("sys/module/kcare/initstate", "live\n");
    assertThat(read()).isNotEqualTo(before);
  }

  @Test
  void anExperimentDuringATransitionOrAChangeProvesNothing() {
    KernelIdentity before = read();
    assertThat(before.objection(read())).isEmpty();
    host.file("sys/kernel/livepatch/net_fix/transition", "1\n");
    KernelIdentity moving = read();
    assertThat(moving).isNotEqualTo(before);
    assertThat(moving.objection(moving)).contains("in transition");
    assertThat(before.objection(moving)).contains("in transition");
    assertThat(moving.objection(before)).contains("in transition");
    host.file("sys/kernel/livepatch/net_fix/transition", "0\n");
    assertThat(before.objection(read())).isEmpty();
    host.file("sys/module/vhost/srcversion", "BBBB\n");
    assertThat(before.objection(read())).contains("changed meanwhile");
  }

  @Test
  void hundredsOfPatchesFitIntoTheDrillsRecord() {
    for (int patch = 6; patch <= 600; patch++) {
      host.file("sys/module/ksplice_" + patch + "/srcversion", "CAFE\n");
    }
    KernelIdentity many = read();
    assertThat(many.code()).hasSizeLessThan(2048).startsWith("vhost AAAA; ");
    host.remove("sys/module/ksplice_599");
    assertThat(read()).isNotEqualTo(many);
  }
}

package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;

class ProgramRunsTest {

  private static final String ONE =
      """
      // kprobe:not:this
      BEGIN { printf("ready\\n"); }
      kprobe:vhost:vhost_discard_vq_desc
      /(int32)arg1 > 0/
      {
        @passes[tid]++;
      }
      interval:s:1 { print(@passes); }
      END { printf("end\\n"); }
      """;
  private static final String TWO =
      ONE + "kprobe:vhost:vhost_add_used_and_signal_n\n{\n  @signals++;\n}\n";

  private FakeHost host;

  @BeforeEach
  void bpftrace(@TempDir Path root) {
    host = new FakeHost(root);
    host.file("proc/42/fdinfo/0", "pos:\t0\nflags:\t02\n");
    host.file("proc/42/fdinfo/3", "pos:\t0\nmap_type:\t1\nmap_id:\t57\n");
    host.file("proc/42/fdinfo/4", "link_type:\tperf\nlink_id:\t3\nprog_tag:\ta\nprog_id:\t112\n");
  }

  @Test
  void theOnlyProbeOfItsKindHasItsName() {
    program(11, 114, 7, 33, 9, 900);
    program(13, 113, 2, 400, 5, 500);
    assertThat(read(ONE))
        .isEqualTo(
            Map.of(
                "vhost_discard_vq_desc",
                new ProgramRuns.Runs(5, 500),
                "interval:s:1",
                new ProgramRuns.Runs(9, 900)));
  }

  @Test
  void beginAndEndAreSetAsideWhereTheyAreOfTheSameKind() {
    program(10, 111, 2, 20, 1, 70);
    program(11, 112, 2, 400, 0, 0);
    program(12, 113, 7, 33, 9, 900);
    program(13, 114, 2, 25, 0, 0);
    assertThat(read(ONE))
        .containsEntry("vhost_discard_vq_desc", new ProgramRuns.Runs(0, 0))
        .containsEntry("BEGIN, END", new ProgramRuns.Runs(1, 70))
        .hasSize(3);
  }

  @Test
  void beginAndEndAreSetAsideWhereTheyAreOfAnotherKind() {
    program(10, 111, 17, 20, 1, 70);
    program(11, 112, 2, 400, 3, 30);
    assertThat(read(ONE))
        .containsEntry("vhost_discard_vq_desc", new ProgramRuns.Runs(3, 30))
        .containsEntry("BEGIN, END", new ProgramRuns.Runs(1, 70));
  }

  @Test
  void whereTheKindLeavesAChoiceTheKindAndANumberAreTheName() {
    program(20, 115, 2, 30, 7, 70);
    program(11, 112, 2, 400, 3, 30);
    assertThat(read(TWO))
        .isEqualTo(
            Map.of(
                "kprobe program 1",
                new ProgramRuns.Runs(3, 30),
                "kprobe program 2",
                new ProgramRuns.Runs(7, 70)));
  }

  @Test
  void aKernelThatDoesNotTellTheSizeLeavesAChoice() {
    host.file("proc/42/fdinfo/5", "prog_type:\t2\nprog_id:\t1\nrun_time_ns:\t10\nrun_cnt:\t1\n");
    host.file("proc/42/fdinfo/6", "prog_type:\t2\nprog_id:\t2\nrun_time_ns:\t20\nrun_cnt:\t2\n");
    assertThat(read(ONE)).containsOnlyKeys("kprobe program 1", "kprobe program 2");
  }

  @Test
  void aProcessThatEndedHasNone() {
    program(11, 112, 2, 400, 3, 30);
    ProgramRuns runs = new ProgramRuns(host.fs(), 42, ONE);
    host.remove("proc/42/fdinfo/11");
    assertThat(runs.read()).isEmpty();
    assertThat(new ProgramRuns(host.fs(), 43, ONE).read()).isEmpty();
  }

  private Map<String, ProgramRuns.Runs> read(String script) {
    return new ProgramRuns(host.fs(), 42, script).read();
  }

  private void program(int fd, int id, int type, int verified, long runs, long nanos) {
    host.file(
        "proc/42/fdinfo/" + fd,
        """
        pos:\t0
        flags:\t02000002
        mnt_id:\t17
        ino:\t1038
        prog_type:\t%d
        prog_jited:\t1
        prog_tag:\ta9a213cba91490e0
        memlock:\t4096
        prog_id:\t%d
        run_time_ns:\t%d
        run_cnt:\t%d
        recursion_misses:\t0
        verified_insns:\t%d
        """
            .formatted(type, id, nanos, runs, verified));
  }
}

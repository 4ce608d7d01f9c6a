package org.vhostwatch.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Against kernel.btf and module.btf, a kernel and a module in miniature: compiled from the .c files
 * beside them, BTF by pahole 1.24, the expected offsets from what pahole prints of their DWARF.
 * {@code gcc -g -c kernel.c module.c; pahole -J kernel.o; objcopy --dump-section .BTF=kernel.btf
 * kernel.o; pahole --btf_base kernel.btf -J module.o; objcopy --dump-section .BTF=module.btf
 * module.o}
 */
class BtfTest {
  private Btf kernel;
  private Btf module;

  @BeforeEach
  void readBoth() throws BtfException {
    kernel = Btf.parse(Fixtures.bytes("kernel.btf"), "kernel", null);
    module = Btf.parse(Fixtures.bytes("module.btf"), "module", kernel);
  }

  @ParameterizedTest
  @CsvSource({
    "sk_buff,      len,         72,  4",
    "sk_buff,      next,         0,  8",
    "sk_buff,      prev,         8,  8",
    "sk_buff,      dev,         16,  8",
    "sk_buff,      dev_scratch, 16,  8",
    "sk_buff,      list.prev,    8,  8",
    "sk_buff,      cb,          24, 48",
    "sk_buff,      cb[47],      71,  1",
    "sk_buff,      hdr_len,     82,  2",
    "sk_buff,      priority,    88,  4",
    "task_struct,  state,        0,  8",
    "task_struct,  lock.wait_list.prev, 32, 8",
    "task_struct,  tgid,        44,  4",
    "task_struct,  comm,        48, 16",
    "task_struct,  fn,          64,  8",
    "task_struct,  mode,        72,  4",
    "task_struct,  ratio,       80,  8",
    "shared_name,  from_kernel,  0,  4",
  })
  void findsMembersOfTheKernel(String struct, String path, long offset, long size)
      throws BtfException {
    assertThat(kernel.member(struct, path)).isEqualTo(new MemberLayout(offset, size));
  }

  @ParameterizedTest
  @CsvSource({
    "vhost_virtqueue,     num,              40,   4",
    "vhost_virtqueue,     last_avail_idx,   44,   2",
    "vhost_virtqueue,     avail_idx,        46,   2",
    "vhost_virtqueue,     last_used_idx,    48,   2",
    "vhost_virtqueue,     acked_features,   56,   8",
    "vhost_virtqueue,     acked_features_array[1], 64, 8",
    "vhost_virtqueue,     busyloop_timeout, 72,   4",
    "vhost_virtqueue,     private_data,     80,   8",
    "vhost_virtqueue,     mutex.wait_list,  24,  16",
    "vhost_virtqueue,     ring[1].flags,   114,   2",
    "vhost_virtqueue,     ring[0].grid[11], 112,  2",
    "vhost_net_virtqueue, rxq.head,        164,   4",
    "vhost_net,           vqs,               8, 336",
    "vhost_net,           vqs[0].vq.num,    48,   4",
    "vhost_net,           vqs[1].vq.num,   216,   4",
    "vhost_net,           vqs[1].rxq.tail, 336,   4",
    "vhost_net,           tail,            348,   0",
    "sk_buff,             len,              72,   4",
  })
  void findsMembersOfTheModuleAndOfTheKernelBelow(
      String struct, String path, long offset, long size) throws BtfException {
    assertThat(module.member(struct, path)).isEqualTo(new MemberLayout(offset, size));
  }

  @Test
  void prefersTheModulesOwnStructOfThatName() throws BtfException {
    assertThat(module.size("shared_name")).isEqualTo(16);
    assertThat(kernel.size("shared_name")).isEqualTo(4);
    assertThat(module.findMember("shared_name", "from_kernel")).isEmpty();
  }

  @Test
  void givesSizes() throws BtfException {
    assertThat(kernel.size("sk_buff")).isEqualTo(96);
    assertThat(module.size("vhost_net")).isEqualTo(352);
    assertThatThrownBy(() -> kernel.size("vhost_net"))
        .isInstanceOf(BtfException.class)
        .hasMessage("kernel: no struct vhost_net");
  }

  @ParameterizedTest
  @CsvSource({
    "vhost_net, nothing",
    "vhost_net, vqs[2]",
    "vhost_net, vqs[0][0]",
    "vhost_net, vqs.vq",
    "vhost_net, tail[0]",
    "vhost_net, dev.mutex",
    "vhost_net, vq",
    "vhost_dev, mutex",
    "vhost_ne,  dev",
    "vhost_nets, dev",
    "int, x",
  })
  void whatDoesNotExistGivesNothing(String struct, String path) throws BtfException {
    assertThat(module.findMember(struct, path)).isEmpty();
    assertThatThrownBy(() -> module.member(struct, path))
        .isInstanceOf(BtfException.class)
        .hasMessage("module: no member " + path + " in struct " + struct);
  }

  @ParameterizedTest
  @CsvSource({
    "sk_buff, cloned",
    "sk_buff, fclone",
    "vhost_virtqueue, user_be",
    "vhost_virtqueue, seen"
  })
  void refusesBitfields(String struct, String path) {
    assertThatThrownBy(() -> module.findMember(struct, path))
        .isInstanceOf(BtfException.class)
        .hasMessageMatching(
            "(kernel|module): type [0-9]+ at byte [0-9]+: member [0-9]+ is a bitfield.*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "a.",
        ".a",
        "a[",
        "a[]",
        "a[-1]",
        "a[x]",
        "a]",
        "[0]",
        "a[0]b",
        "a->b",
        "a b",
        "a[9999999999]"
      })
  void aWronglyWrittenPathIsABug(String path) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.member("sk_buff", path))
        .withMessageContaining("member path");
  }

  @Test
  void readsFiles(@TempDir Path dir) throws IOException, BtfException {
    Path vmlinux = Files.write(dir.resolve("vmlinux"), Fixtures.bytes("kernel.btf"));
    Path vhost = Files.write(dir.resolve("vhost_net"), Fixtures.bytes("module.btf"));

    Btf read = Btf.read(vmlinux);

    assertThat(read.readSplit(vhost).member("vhost_net", "vqs[1].vq.num").offset()).isEqualTo(216);
    assertThatThrownBy(() -> Btf.read(vmlinux, 1000))
        .isInstanceOf(BtfException.class)
        .hasMessage(vmlinux + ": 1175 bytes, the limit is 1000");
    assertThatThrownBy(() -> read.readSplit(dir.resolve("gone")))
        .isInstanceOf(BtfException.class)
        .hasMessageStartingWith(dir.resolve("gone") + " (")
        .hasMessageContaining("No such file");
  }

  /** Of the kernel these tests run on; one that shows no types is said to have no such file. */
  @Test
  void readsTheRunningKernel() throws BtfException {
    Path vmlinux = Path.of("/sys/kernel/btf/vmlinux");
    if (!Files.exists(vmlinux)) {
      assertThatThrownBy(() -> Btf.read(vmlinux))
          .isInstanceOf(BtfException.class)
          .hasMessageStartingWith(vmlinux.toString())
          .hasMessageContaining("No such file");
      return;
    }

    Btf running = Btf.read(vmlinux);

    assertThat(running.member("list_head", "prev")).isEqualTo(new MemberLayout(8, 8));
    assertThat(running.member("task_struct", "comm").size()).isEqualTo(16);
    assertThat(running.member("sk_buff", "len").size()).isEqualTo(4);
  }
}

package org.vhostwatch.btf;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;

/** The kernel's description of its types. */
public final class BtfTargets {

  private static final List<List<String>> MEMBERS =
      List.of(
          List.of("sk_buff", "dev_scratch"),
          List.of("task_struct", "lock.wait_list.prev"),
          List.of("vhost_net", "vqs[1].vq.ring[1].grid[5]"),
          List.of("vhost_net", "vqs"));

  private BtfTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "btf",
            "/sys/kernel/btf, of a kernel and of a module",
            4096,
            128 << 10,
            256,
            BtfTargets::reader));
  }

  private static FuzzTarget.Reader reader() {
    byte[] kernel = Fixtures.bytes("kernel.btf");
    return input -> {
      read(input, null);
      read(input, Btf.parse(kernel, "kernel", null));
    };
  }

  private static void read(byte[] input, @Nullable Btf base) {
    Btf btf;
    try {
      btf = Btf.parse(input, "input", base);
    } catch (BtfException e) {
      Claim.line(String.valueOf(e.getMessage()));
      return;
    }
    for (List<String> member : MEMBERS) {
      try {
        MemberLayout layout = btf.member(member.get(0), member.get(1));
        Claim.that(
            layout.offset() >= 0
                && layout.size() >= 0
                && layout.offset() + layout.size() <= btf.size(member.get(0)),
            "a member outside its struct",
            layout);
      } catch (BtfException e) {
        Claim.line(String.valueOf(e.getMessage()));
      }
    }
  }
}

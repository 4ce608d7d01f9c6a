package org.vhostwatch.btf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vhostwatch.host.FakeHost;

/** Types of a kernel and its modules for tests, given as {@code struct.member} and byte offset. */
public final class KernelBtf {

  private final Map<String, Map<String, Integer>> structs = new LinkedHashMap<>();
  private final Map<String, Integer> sizes = new LinkedHashMap<>();
  private final Map<String, String> modules = new LinkedHashMap<>();

  /** Adds a struct to a module, or to the kernel itself as {@code vmlinux}. */
  public KernelBtf struct(String module, String name, int bytes) {
    structs.put(name, new LinkedHashMap<>());
    sizes.put(name, bytes);
    modules.put(name, module);
    return this;
  }

  /** Adds a member to the struct {@code name} stands in: {@code sk_buff.len}. */
  public KernelBtf member(String name, int offset) {
    int dot = name.indexOf('.');
    Map<String, Integer> members = structs.get(name.substring(0, dot));
    if (members == null) {
      throw new IllegalArgumentException("no struct for " + name);
    }
    members.put(name.substring(dot + 1), offset);
    return this;
  }

  public KernelBtf without(String name) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      structs.remove(name);
    } else {
      structs.getOrDefault(name.substring(0, dot), Map.of()).remove(name.substring(dot + 1));
    }
    return this;
  }

  /** Makes the kernel's own of what modules have. */
  public KernelBtf builtIn() {
    modules.replaceAll((name, module) -> "vmlinux");
    return this;
  }

  /** Writes /sys/kernel/btf of a host. */
  public void writeTo(FakeHost host) {
    BtfBuilder base = BtfBuilder.littleEndian();
    int word = base.integer("long unsigned int", 8);
    build(base, "vmlinux", word);
    host.file("sys/kernel/btf/vmlinux", base.build());
    for (String module : modules.values().stream().distinct().toList()) {
      if (!module.equals("vmlinux")) {
        BtfBuilder split = base.split();
        build(split, module, word);
        host.file("sys/kernel/btf/" + module, split.build());
      }
    }
  }

  private void build(BtfBuilder builder, String module, int word) {
    structs.forEach(
        (name, members) -> {
          if (module.equals(modules.get(name))) {
            int bytes = sizes.getOrDefault(name, 0);
            List<BtfBuilder.Member> written = new ArrayList<>();
            Map<String, List<BtfBuilder.Member>> nested = new LinkedHashMap<>();
            members.forEach(
                (path, offset) -> {
                  int dot = path.indexOf('.');
                  BtfBuilder.Member member =
                      BtfBuilder.Member.at(path.substring(dot + 1), word, offset);
                  if (dot < 0) {
                    written.add(member);
                  } else {
                    nested
                        .computeIfAbsent(path.substring(0, dot), n -> new ArrayList<>())
                        .add(member);
                  }
                });
            // What is nested begins where the struct does, so that offsets stay those given.
            nested.forEach(
                (outer, inner) ->
                    written.add(
                        BtfBuilder.Member.at(
                            outer,
                            builder.struct("", bytes, inner.toArray(BtfBuilder.Member[]::new)),
                            0)));
            builder.struct(name, bytes, written.toArray(BtfBuilder.Member[]::new));
          }
        });
  }
}

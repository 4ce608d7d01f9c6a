package org.vhostwatch.probe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.vhostwatch.btf.Btf;
import org.vhostwatch.btf.BtfException;
import org.vhostwatch.btf.MemberLayout;

/** Offsets of struct members in the running kernel, by name, from its BTF and its modules'. */
public final class KernelLayout {

  private static final List<String> MODULES = List.of("vhost", "vhost_net", "tun", "tap");

  private final List<Btf> btfs;
  private final Map<String, Optional<Btf>> definitions = new HashMap<>();

  private KernelLayout(List<Btf> btfs) {
    this.btfs = List.copyOf(btfs);
  }

  /**
   * Reads {@code /sys/kernel/btf} under a root. Modules that are not loaded, or built in, have no
   * file of their own there.
   *
   * @throws BtfException if a file is missing, unreadable or broken; the message names it
   */
  public static KernelLayout read(Path root) throws BtfException {
    Path folder = root.resolve("sys/kernel/btf");
    Btf base = Btf.read(folder.resolve("vmlinux"));
    List<Btf> btfs = new ArrayList<>();
    for (String module : MODULES) {
      Path file = folder.resolve(module);
      if (Files.exists(file)) {
        btfs.add(base.readSplit(file));
      }
    }
    btfs.add(base);
    return new KernelLayout(btfs);
  }

  /** Returns the offset in bytes of {@code struct.member[.member...]}, empty if there is none. */
  OptionalLong offset(String name) throws BtfException {
    int dot = name.indexOf('.');
    Optional<Btf> btf = definition(name.substring(0, dot));
    if (btf.isEmpty()) {
      return OptionalLong.empty();
    }
    Optional<MemberLayout> member =
        btf.get().findMember(name.substring(0, dot), name.substring(dot + 1));
    return member.isPresent() ? OptionalLong.of(member.get().offset()) : OptionalLong.empty();
  }

  /** Returns the size in bytes of a struct, empty if there is none. */
  OptionalLong size(String struct) throws BtfException {
    Optional<Btf> btf = definition(struct);
    return btf.isPresent() ? OptionalLong.of(btf.get().size(struct)) : OptionalLong.empty();
  }

  private Optional<Btf> definition(String struct) throws BtfException {
    Optional<Btf> known = definitions.get(struct);
    if (known != null) {
      return known;
    }
    Optional<Btf> found = Optional.empty();
    for (Btf btf : btfs) {
      if (btf.hasStruct(struct)) {
        found = Optional.of(btf);
        break;
      }
    }
    definitions.put(struct, found);
    return found;
  }
}

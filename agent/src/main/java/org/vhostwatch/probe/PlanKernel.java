package org.vhostwatch.probe;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.btf.BtfException;
import org.vhostwatch.host.HostClock;
import org.vhostwatch.host.Symbol;
import org.vhostwatch.host.Symbols;

/** The running kernel in the words of the scripts. */
final class PlanKernel implements ScriptTemplate.Kernel {

  /** Members that kernels have or have not; the scripts ask with {@code ?} before they use one. */
  private static final Set<String> OPTIONAL_STRUCTS =
      Set.of(
          "vhost_worker",
          "vhost_task",
          "tun_file",
          "tun_struct",
          "tap_queue",
          "tap_dev",
          "xdp_frame",
          "netdev_adjacent");

  /** Symbols whose addresses the scripts need, and the modules that define them. */
  static final Map<String, String> ADDRESSES =
      Map.of(
          "vhost_net_fops", "vhost_net",
          "handle_rx_kick", "vhost_net",
          "tun_socket_ops", "tun",
          "tun_fops", "tun",
          "tap_fops", "tap",
          "tap_socket_ops", "tap");

  private static final Set<String> OPTIONAL =
      Set.of(
          "vhost_virtqueue.worker",
          "vhost_dev.worker",
          "mm_struct.owner",
          "net_device.ifindex",
          "net_device.nd_net.net",
          "net.ns.inum",
          "net_device.adj_list.upper",
          "net_device.adj_list.lower");

  private final @Nullable KernelLayout layout;
  private final Symbols symbols;
  private final BpftraceVersion version;
  private final boolean armed;
  private final boolean samples;
  private final long slept;

  /**
   * @param armed whether a kprobe that is attached would fire
   * @param samples whether the kernel allows as many samples a second as a profile takes
   * @param slept nanoseconds that the host was suspended, see {@link HostClock}
   */
  PlanKernel(
      @Nullable KernelLayout layout,
      Symbols symbols,
      BpftraceVersion version,
      boolean armed,
      boolean samples,
      long slept) {
    this.layout = layout;
    this.symbols = symbols;
    this.version = version;
    this.armed = armed;
    this.samples = samples;
    this.slept = slept;
  }

  /** Returns whether a queue's indices can be read, and RX told from TX. */
  boolean indices() {
    try {
      return layout != null
          && offset("vhost_virtqueue.last_used_idx").isPresent()
          && address("handle_rx_kick").isPresent();
    } catch (BtfException e) {
      return false;
    }
  }

  /**
   * Returns the function, given as {@code module:name}, or its clone, if a probe can be put on it
   * and on no other.
   */
  private Optional<Symbol> function(String name) {
    int colon = name.indexOf(':');
    String base = name.substring(colon + 1);
    return armed
        ? symbols
            .function(base, name.substring(0, colon))
            .filter(symbol -> !symbol.ambiguous() && (namesModule(symbol) || unique(symbol)))
        : Optional.empty();
  }

  /** Returns whether the kernel gets to know the module: of its own functions, never. */
  private boolean namesModule(Symbol symbol) {
    return modules() && !symbol.module().isEmpty();
  }

  /** Returns whether probes can name the module. */
  private boolean modules() {
    return version.atLeast(BpftraceVersion.MODULE_IN_KPROBE);
  }

  /** Returns whether no other function of all the kernel has the name. */
  private boolean unique(Symbol symbol) {
    return symbols.function(symbol.name()).filter(found -> !found.ambiguous()).isPresent();
  }

  /** Returns the first of some functions that can be probed, empty if none can. */
  String first(String... functions) {
    for (String name : functions) {
      Optional<Symbol> symbol = function(name);
      if (symbol.isPresent()) {
        return symbol.get().name();
      }
    }
    return "";
  }

  @Override
  public Optional<String> attachPoint(String function) {
    return function(function).map(symbol -> modules() ? symbol.probe() : symbol.name());
  }

  @Override
  public boolean holds(String condition) throws PlanException {
    return switch (condition) {
      case "btf" -> indices();
      case "no btf" -> !indices();
      case "samples" -> samples;
      default -> throw new PlanException("a script needs what nobody knows: " + condition);
    };
  }

  @Override
  public String value(String name) throws PlanException {
    if (name.equals("slept")) {
      return String.valueOf(slept);
    }
    try {
      if (name.startsWith("?")) {
        return has(name.substring(1)) ? "1" : "0";
      }
      if (name.startsWith("&")) {
        OptionalLong address = address(name.substring(1));
        return address.isPresent() ? "0x" + Long.toHexString(address.getAsLong()) : "0";
      }
      if (name.startsWith("sizeof ")) {
        return number(name, sized(name.substring("sizeof ".length())));
      }
      return number(name, offset(name));
    } catch (BtfException e) {
      throw new PlanException(String.valueOf(e.getMessage()), e);
    } catch (IllegalArgumentException e) {
      throw new PlanException("a script asks for /*" + name + "*/: " + e.getMessage(), e);
    }
  }

  /** Returns whether the kernel shows the address of a symbol. */
  boolean shows(String name) {
    return address(name).isPresent();
  }

  private boolean has(String name) throws BtfException {
    if (name.startsWith("&")) {
      return address(name.substring(1)).isPresent();
    }
    if (name.equals("vhost_dev.worker.plain")) {
      return offset("vhost_dev.worker").isPresent() && sized("vhost_worker").isEmpty();
    }
    return offset(name).isPresent();
  }

  private String number(String name, OptionalLong number) throws PlanException {
    if (number.isPresent()) {
      return String.valueOf(number.getAsLong());
    }
    String struct = name.substring(0, Math.max(0, name.indexOf('.')));
    if (OPTIONAL.contains(name) || OPTIONAL_STRUCTS.contains(struct)) {
      return "0";
    }
    throw new PlanException("this kernel's BTF has no " + name);
  }

  private OptionalLong offset(String name) throws BtfException {
    if (name.indexOf('.') < 0) {
      throw new IllegalArgumentException("not struct.member");
    }
    return layout == null ? OptionalLong.empty() : layout.offset(name);
  }

  private OptionalLong sized(String struct) throws BtfException {
    return layout == null ? OptionalLong.empty() : layout.size(struct);
  }

  private OptionalLong address(String name) {
    String module = ADDRESSES.get(name);
    if (module == null) {
      throw new IllegalArgumentException("an address that no plan looks up");
    }
    return symbols.address(name, module);
  }
}

package org.vhostwatch.libc;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads and requests features of network devices through SIOCETHTOOL. A device is looked for in the
 * namespace of the socket, not in that of the caller ({@link NetNamespace#socket}). Each call takes
 * rtnl and so waits while another holds it: give it a deadline.
 */
public final class Ethtool {
  private static final long SIOCETHTOOL = 0x8946;
  private static final int ETHTOOL_GDRVINFO = 0x03;
  private static final int ETHTOOL_GSTRINGS = 0x1b;
  private static final int ETHTOOL_GSSET_INFO = 0x37;
  private static final int ETHTOOL_GFEATURES = 0x3a;
  private static final int ETHTOOL_SFEATURES = 0x3b;

  /** The set of strings that names the features. */
  private static final int ETH_SS_FEATURES = 4;

  private static final int ETH_GSTRING_LEN = 32;

  /** struct ethtool_drvinfo: cmd, then the driver's name of at most 32 bytes, and more. */
  private static final int DRVINFO_SIZE = 196;

  private static final int DRVINFO_DRIVER = 4;
  private static final int DRVINFO_DRIVER_LEN = 32;

  /** More than any kernel has (64); an answer above it is not one to allocate memory for. */
  private static final int MAX_FEATURES = 1024;

  private static final int BITS = 32;

  /** struct ifreq: the pointer to the command. */
  private static final int IFREQ_DATA = 16;

  /** struct ethtool_sset_info: cmd, reserved, sset_mask (64 bits), then one count per set. */
  private static final int SSET_MASK = 8;

  private static final int SSET_COUNT = 16;

  /** struct ethtool_gstrings: cmd, string_set, len, then the strings. */
  private static final int GSTRINGS_DATA = 12;

  /** struct ethtool_gfeatures and _sfeatures: cmd, size, then blocks of 32 features. */
  private static final int FEATURES_DATA = 8;

  private static final int GET_BLOCK = 16;
  private static final int SET_BLOCK = 8;

  /** Some features asked for cannot be changed; the others were. */
  private static final int ETHTOOL_F_UNSUPPORTED = 1;

  /** All were recorded, not all became so: something they need is missing. */
  private static final int ETHTOOL_F_WISH = 2;

  /** Some were set by old calls that may have changed others too. */
  private static final int ETHTOOL_F_COMPAT = 4;

  private Ethtool() {}

  /**
   * What the kernel said to a request.
   *
   * @param unsupported some of the features cannot be changed, and were not
   * @param wish all that can be changed were recorded, but some did not become so
   * @param compatibility it was done by older calls, which may have changed others too
   */
  public record Answer(boolean unsupported, boolean wish, boolean compatibility) {
    /** Returns whether all became as asked. */
    public boolean done() {
      return !unsupported && !wish;
    }
  }

  /**
   * Returns the name of a device's driver: {@code tun} of a tap, {@code macvlan} of a macvtap.
   *
   * @throws LibcException if there is no such device ({@link Errno#ENODEV}), or it does not tell
   */
  public static String driver(Fd socket, String ifname) throws IOException {
    NativeMemory info = NativeMemory.allocate(DRVINFO_SIZE);
    info.putInt(0, ETHTOOL_GDRVINFO);
    call(socket, ifname, "ETHTOOL_GDRVINFO", info);
    return text(info.get(DRVINFO_DRIVER, DRVINFO_DRIVER_LEN));
  }

  /**
   * Returns all features of a device, in the kernel's order.
   *
   * @param socket of the namespace that the device is in
   * @param ifname name of the device
   * @throws LibcException if there is no such device ({@link Errno#ENODEV}), or it has no features
   */
  public static List<Feature> features(Fd socket, String ifname) throws IOException {
    List<String> names = names(socket, ifname);
    int blocks = blocks(names.size());
    NativeMemory features = NativeMemory.allocate(FEATURES_DATA + blocks * GET_BLOCK);
    features.putInt(0, ETHTOOL_GFEATURES);
    features.putInt(4, blocks);
    call(socket, ifname, "ETHTOOL_GFEATURES", features);
    List<Feature> list = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      // The kernel leaves bits without a name: nobody can ask for them either.
      if (!names.get(i).isEmpty()) {
        list.add(feature(names.get(i), features, i));
      }
    }
    return List.copyOf(list);
  }

  /**
   * Asks for features to be on or off; those not named stay as they are. All of them are set in one
   * call, and so together.
   *
   * @param socket of the namespace that the device is in
   * @param ifname name of the device
   * @param wanted features by name
   * @return what the kernel made of it; read {@link #features} to see what each one is now
   * @throws LibcException if there is no such device or CAP_NET_ADMIN is missing
   * @throws IllegalArgumentException if the kernel has no feature of one of the names
   */
  public static Answer request(Fd socket, String ifname, Map<String, Boolean> wanted)
      throws IOException {
    List<String> names = names(socket, ifname);
    Set<String> unknown = new HashSet<>(wanted.keySet());
    unknown.removeAll(new HashSet<>(names));
    if (!unknown.isEmpty() || wanted.containsKey("")) {
      throw new IllegalArgumentException("this kernel has no features named " + unknown);
    }
    int blocks = blocks(names.size());
    NativeMemory features = NativeMemory.allocate(FEATURES_DATA + blocks * SET_BLOCK);
    features.putInt(0, ETHTOOL_SFEATURES);
    features.putInt(4, blocks);
    for (int i = 0; i < names.size(); i++) {
      Boolean on = wanted.get(names.get(i));
      if (on != null) {
        int block = FEATURES_DATA + i / BITS * SET_BLOCK;
        set(features, block, i % BITS);
        if (on) {
          set(features, block + 4, i % BITS);
        }
      }
    }
    int result = call(socket, ifname, "ETHTOOL_SFEATURES", features);
    return new Answer(
        (result & ETHTOOL_F_UNSUPPORTED) != 0,
        (result & ETHTOOL_F_WISH) != 0,
        (result & ETHTOOL_F_COMPAT) != 0);
  }

  private static List<String> names(Fd socket, String ifname) throws IOException {
    int count = count(socket, ifname);
    NativeMemory strings = NativeMemory.allocate(GSTRINGS_DATA + count * ETH_GSTRING_LEN);
    strings.putInt(0, ETHTOOL_GSTRINGS);
    strings.putInt(4, ETH_SS_FEATURES);
    strings.putInt(8, count);
    call(socket, ifname, "ETHTOOL_GSTRINGS", strings);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(text(strings.get(GSTRINGS_DATA + (long) i * ETH_GSTRING_LEN, ETH_GSTRING_LEN)));
    }
    return names;
  }

  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.US_ASCII);
  }

  private static int count(Fd socket, String ifname) throws IOException {
    NativeMemory info = NativeMemory.allocate(SSET_COUNT + 4);
    info.putInt(0, ETHTOOL_GSSET_INFO);
    info.putLong(SSET_MASK, 1L << ETH_SS_FEATURES);
    call(socket, ifname, "ETHTOOL_GSSET_INFO", info);
    int count = info.getLong(SSET_MASK) == 0 ? 0 : info.getInt(SSET_COUNT);
    if (count <= 0 || count > MAX_FEATURES) {
      throw new IOException(ifname + ": the kernel tells of " + count + " device features");
    }
    return count;
  }

  private static Feature feature(String name, NativeMemory features, int i) {
    int block = FEATURES_DATA + i / BITS * GET_BLOCK;
    boolean available = isSet(features, block, i % BITS);
    boolean neverChanged = isSet(features, block + 12, i % BITS);
    return new Feature(
        name,
        available,
        isSet(features, block + 4, i % BITS),
        isSet(features, block + 8, i % BITS),
        !available || neverChanged);
  }

  private static int call(Fd socket, String ifname, String name, NativeMemory command)
      throws IOException {
    NativeMemory request = Interfaces.request(ifname, 0);
    request.putLong(IFREQ_DATA, command.address());
    try {
      return socket.ioctl(name + " of " + ifname, SIOCETHTOOL, request);
    } finally {
      // The request holds only its address.
      Reference.reachabilityFence(command);
    }
  }

  private static int blocks(int features) {
    return (features + BITS - 1) / BITS;
  }

  private static boolean isSet(NativeMemory memory, int offset, int bit) {
    return (memory.getInt(offset) >>> bit & 1) != 0;
  }

  private static void set(NativeMemory memory, int offset, int bit) {
    memory.putInt(offset, memory.getInt(offset) | 1 << bit);
  }
}

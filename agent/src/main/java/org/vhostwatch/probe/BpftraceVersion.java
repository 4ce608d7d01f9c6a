package org.vhostwatch.probe;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of bpftrace, as {@code bpftrace --version} says it. */
public record BpftraceVersion(int major, int minor, int patch)
    implements Comparable<BpftraceVersion> {

  /** The oldest version whose iterators, JSON and raw reads were seen to work. */
  public static final BpftraceVersion MINIMUM = new BpftraceVersion(0, 17, 0);

  /**
   * {@code kprobe:module:function} parses from here on; {@code vmlinux} as the module is the kernel
   * itself, and is not handed on to it.
   */
  static final BpftraceVersion MODULE_IN_KPROBE = new BpftraceVersion(0, 21, 0);

  private static final Pattern VERSION =
      Pattern.compile("v?(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,4}))?");

  /** Returns the version in a line like {@code bpftrace v0.23.2}. */
  public static Optional<BpftraceVersion> parse(String line) {
    Matcher matcher = VERSION.matcher(line);
    if (!line.startsWith("bpftrace") || !matcher.find()) {
      return Optional.empty();
    }
    String patch = matcher.group(3);
    return Optional.of(
        new BpftraceVersion(
            Integer.parseInt(matcher.group(1)),
            Integer.parseInt(matcher.group(2)),
            patch == null ? 0 : Integer.parseInt(patch)));
  }

  boolean atLeast(BpftraceVersion other) {
    return compareTo(other) >= 0;
  }

  @Override
  public int compareTo(BpftraceVersion other) {
    int order = Integer.compare(major, other.major);
    order = order != 0 ? order : Integer.compare(minor, other.minor);
    return order != 0 ? order : Integer.compare(patch, other.patch);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}

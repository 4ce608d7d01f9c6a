package org.vhostwatch.exposure;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who built the running kernel, and from what.
 *
 * @param builder name of the distribution, or words for what it is made from; empty if nothing
 *     speaks against upstream itself
 * @param upstream the upstream version it is made from
 * @param follows whether that version says which fixes are in it; a distribution that picks fixes
 *     into an older base does not follow
 * @param packageVersion version of its package, empty if the kernel does not say
 */
record KernelBase(
    String builder, Optional<UpstreamVersion> upstream, boolean follows, String packageVersion) {

  /** {@code Ubuntu 6.8.0-45.45-generic 6.8.12}. */
  private static final Pattern SIGNATURE = Pattern.compile("Ubuntu (\\S+) (\\S+)");

  private static final Pattern FLAVOUR = Pattern.compile("-[a-z][a-z0-9-]*$");

  /** {@code #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)}; the release is 6.1.0-56 then. */
  private static final Pattern DEBIAN = Pattern.compile(".*\\bDebian (\\d\\S*).*");

  /** Raspberry Pi's packages have one: {@code 1:6.12.47-1+rpt1}. */
  private static final Pattern EPOCH = Pattern.compile("^\\d+:");

  /** {@code #1 SMP PVE 5.15.158-2 (2024-07-24T09:38Z)}; newer kernels have PMX there. */
  private static final Pattern PROXMOX = Pattern.compile(".*\\b(?:PMX|PVE) (\\d\\S*).*");

  /**
   * A build of a tree between two releases: {@code 7.1.0-12345-g1a2b3c4d5e6f} (of a shallow clone
   * {@code 7.1.0-g1a2b3c4d5e6f}), {@code 7.1.0+}, {@code 7.1.0-rc7-next-20260610}, and Fedora's
   * {@code 7.2.0-0.rc0.20260618g1a2b3c4d5e6f.7.fc45}.
   */
  private static final Pattern SNAPSHOT =
      Pattern.compile(
          ".*-(?:\\d+-)?g[0-9a-f]{7,40}\\b.*|.*\\+|.*-next-\\d{8}\\b.*|.*\\.\\d{6,8}g(?:it)?[0-9a-f]{7,40}\\b.*");

  /**
   * A package's number on a base that never moves, {@code 5.14.0-427.44.1}: who follows upstream
   * has the number of the stable release there, Fedora's and ELRepo's before such a number.
   */
  private static final Pattern FROZEN = Pattern.compile("\\d+\\.\\d+\\.0-\\d.*");

  /**
   * The tag of an rpm distribution after the package's number, {@code 6.6.47-12.oc9.x86_64}: but
   * for Fedora and ELRepo, which are told before, they pick fixes. The name of a processor is none.
   */
  private static final Pattern TAGGED =
      Pattern.compile(
          ".*-\\d[\\w.]*\\.(?!x86_64|i\\d86|aarch64|armv|ppc64|riscv64|s390|loongarch)[a-z]+\\d.*");

  /**
   * What releases of distributions look like that pick fixes into an older base, or whose way of
   * taking them is not known here. The first that matches counts: SUSE has flavours of Ubuntu's
   * names, told by its numbers (150600 is 15 SP6).
   */
  private enum Backporter {
    RHEL("RHEL or a rebuild of it", ".*\\.el\\d+.*"),
    VIRTUOZZO("Virtuozzo", ".*\\.vz\\d+.*"),
    SUSE("SUSE", ".*-(default|preempt|kvmsmall|64kb)|.*-1[5-9]\\d{4}\\.\\d+.*"),
    UBUNTU("Ubuntu", ".*-(generic|lowlatency|aws|azure|gcp|kvm|oracle)(-\\w+)?"),
    PROXMOX("Proxmox", ".*-pve"),
    AMAZON("Amazon Linux", ".*\\.amzn\\d+.*"),
    AZURE("Azure Linux", ".*\\.(azl|cm)\\d+.*"),
    OPENEULER("openEuler or a relative of it", ".*\\.(oe|an|tl|al|alnx)\\d+.*|.*-tlinux\\d.*");

    private final String label;
    private final Pattern form;

    Backporter(String label, String form) {
      this.label = label;
      this.form = Pattern.compile(form);
    }
  }

  /**
   * Recognizes a kernel.
   *
   * @param release as {@code uname -r}
   * @param version as {@code uname -v}
   * @param signature content of /proc/version_signature, empty without
   */
  static KernelBase of(String release, String version, String signature) {
    Matcher ubuntu = SIGNATURE.matcher(signature);
    if (ubuntu.matches()) {
      return new KernelBase(
          Backporter.UBUNTU.label,
          UpstreamVersion.parse(ubuntu.group(2)),
          false,
          FLAVOUR.matcher(ubuntu.group(1)).replaceFirst(""));
    }
    Matcher debian = DEBIAN.matcher(version);
    if (debian.matches()) {
      String upstream = EPOCH.matcher(debian.group(1)).replaceFirst("");
      return new KernelBase("Debian", UpstreamVersion.parse(upstream), true, debian.group(1));
    }
    Matcher proxmox = PROXMOX.matcher(version);
    if (proxmox.matches()) {
      return new KernelBase(
          Backporter.PROXMOX.label,
          UpstreamVersion.parse(proxmox.group(1)),
          false,
          proxmox.group(1));
    }
    Optional<UpstreamVersion> upstream = UpstreamVersion.parse(release);
    if (release.contains(".elrepo.")) {
      return new KernelBase("ELRepo", upstream, true, "");
    }
    for (Backporter backporter : Backporter.values()) {
      if (backporter.form.matcher(release).matches()) {
        return new KernelBase(backporter.label, upstream, false, "");
      }
    }
    if (SNAPSHOT.matcher(release).matches()) {
      return new KernelBase("a tree between two releases", upstream, false, "");
    }
    if (release.matches(".*\\.fc\\d+.*")) {
      return new KernelBase("Fedora", upstream, true, "");
    }
    if (FROZEN.matcher(release).matches() || TAGGED.matcher(release).matches()) {
      return new KernelBase("a builder that is not known here", upstream, false, "");
    }
    return new KernelBase("", upstream, true, "");
  }
}

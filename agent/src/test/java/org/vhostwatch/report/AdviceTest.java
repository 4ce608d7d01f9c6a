package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;

class AdviceTest {

  private static final String UUID = "8f3c1c1e-0000-4000-8000-0123456789ab";

  private static List<String> of(
      Verdict verdict, String vm, Optional<String> uuid, Optional<String> vmid, String tap) {
    return of(verdict, Exposure.AFFECTED, vm, uuid, vmid, tap);
  }

  private static List<String> of(
      Verdict verdict,
      Exposure kernel,
      String vm,
      Optional<String> uuid,
      Optional<String> vmid,
      String tap) {
    Vmm vmm = new Vmm(4711, 1, "qemu", vm, uuid, vmid);
    return Advice.of(
        verdict,
        kernel,
        new QueueJson.Identity(
            vm, Optional.of(vmm), 4711, new TapPort(tap, 7, "br0", 42, 0, true)));
  }

  @Test
  void aDomainOfLibvirtIsNamedInItsCommands() {
    assertThat(of(Verdict.LIVELOCKED, "web01", Optional.of(UUID), Optional.empty(), "vnet3"))
        .anyMatch(line -> line.contains("virsh domif-setlink web01 vnet3 down"))
        .anyMatch(line -> line.contains("virsh destroy web01, else kill -TERM 4711"))
        .anyMatch(line -> line.contains("vhostwatch mitigate --tap vnet3 --apply"));
  }

  /** virsh looks for the number of a domain first, then for its UUID, then for its name. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "7",
        "0042",
        "--all",
        "-7",
        "11111111-2222-4333-8444-555555555555",
        "11111111222243338444555555555555"
      })
  void aNameThatVirshWouldTakeForAnotherDomainsGivesWayToTheUuid(String name) {
    assertThat(of(Verdict.LIVELOCKED, name, Optional.of(UUID), Optional.empty(), "vnet3"))
        .contains("ends it: reset the guest: virsh reset " + UUID)
        .anyMatch(line -> line.contains("virsh domif-setlink " + UUID + " vnet3 down"))
        .anyMatch(line -> line.contains("virsh destroy " + UUID + ", else"))
        .noneMatch(line -> line.contains(" " + name + " ") || line.endsWith(" " + name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"7a", "web-7", "1.2", "0x10", "deadbeef", "11111111-2222-4333-8444"})
  void aNameThatOnlyResemblesOneStays(String name) {
    assertThat(of(Verdict.LIVELOCKED, name, Optional.of(UUID), Optional.empty(), "vnet3"))
        .contains("ends it: reset the guest: virsh reset " + name);
  }

  @ParameterizedTest
  @EnumSource(
      value = Exposure.class,
      names = {"FIXED", "UNKNOWN"})
  void onAKernelThatIsNotRatedAffectedALivelockIsReasonToInsist(Exposure kernel) {
    assertThat(mitigation(Verdict.LIVELOCKED, kernel))
        .singleElement()
        .asString()
        .contains(
            "vhostwatch mitigate --tap vnet3 --apply --force (",
            "a livelock that was seen is reason");
  }

  @ParameterizedTest
  @EnumSource(
      value = Verdict.class,
      names = {"STALLED", "SPINNING"})
  void whetherToMitigateAgainstStarvationDependsOnTheKernel(Verdict verdict) {
    assertThat(mitigation(verdict, Exposure.AFFECTED))
        .singleElement()
        .asString()
        .contains("vhostwatch mitigate --tap vnet3 --apply (")
        .doesNotContain("--force");
    assertThat(mitigation(verdict, Exposure.UNKNOWN))
        .singleElement()
        .asString()
        .contains("vhostwatch mitigate --tap vnet3 --apply --force (", "`vhostwatch drill` tells");
    assertThat(mitigation(verdict, Exposure.FIXED)).isEmpty();
  }

  private static List<String> mitigation(Verdict verdict, Exposure kernel) {
    return of(verdict, kernel, "web01", Optional.empty(), Optional.empty(), "vnet3").stream()
        .filter(line -> line.contains("vhostwatch mitigate"))
        .toList();
  }

  @ParameterizedTest
  @EnumSource(
      value = Verdict.class,
      names = {"LIVELOCKED", "STALLED", "SPINNING"})
  void againstThatOfAMacvtapTheDeviceBelowItIsToBeChanged(Verdict verdict) {
    assertThat(ofMacvtap(verdict, "eno1"))
        .noneMatch(line -> line.contains("vhostwatch mitigate"))
        .anyMatch(
            line -> line.contains("prevents") && line.contains("ethtool -K eno1 gro off lro"));
    for (String unknown : List.of("", "$(reboot)")) {
      assertThat(ofMacvtap(verdict, unknown))
          .anyMatch(line -> line.contains(": gro and lro off on the device below it ("));
    }
  }

  private static List<String> ofMacvtap(Verdict verdict, String lower) {
    TapPort port = new TapPort("macvtap0", 7, lower, 42, 0, true, true);
    return Advice.of(
        verdict, Exposure.AFFECTED, new QueueJson.Identity("web01", Optional.empty(), 4711, port));
  }

  @Test
  void aVmOfProxmoxIsNamedByItsNumber() {
    assertThat(of(Verdict.LIVELOCKED, "db", Optional.of(UUID), Optional.of("104"), "tap104i0"))
        .anyMatch(line -> line.contains("qm stop 104"))
        .noneMatch(line -> line.contains("virsh"));
  }

  @Test
  void aVmOfNobodyIsEndedByItsProcess() {
    assertThat(of(Verdict.LIVELOCKED, "fc-1", Optional.empty(), Optional.empty(), "tap0"))
        .anyMatch(line -> line.contains("kill -TERM 4711"))
        .noneMatch(line -> line.contains("virsh") || line.contains("qm "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"$(reboot)", "a b", "-rf", "`id`", "a;b", "a\nb", "a\",b\n{}", "x|y"})
  void aNameThatAShellWouldReadStandsInNoCommand(String hostile) {
    for (Verdict verdict : Verdict.values()) {
      assertThat(of(verdict, hostile, Optional.of(UUID), Optional.empty(), hostile))
          .noneMatch(line -> line.contains(hostile));
    }
    assertThat(of(Verdict.LIVELOCKED, hostile, Optional.of(UUID), Optional.empty(), hostile))
        .anyMatch(line -> line.contains("virsh domif-setlink " + UUID + " TAP down"));
  }

  @Test
  void onALivelockWhatEndsItComesFirstThenTheCureThenPreventionThenWhatDoesNotHelp() {
    List<String> lines = of(Verdict.LIVELOCKED, "a", Optional.empty(), Optional.empty(), "t");
    assertThat(lines)
        .extracting(line -> line.substring(0, line.indexOf(':')))
        .containsExactly(
            "ends it",
            "ends it",
            "ends it",
            "ends it",
            "cures",
            "prevents the next one, does not end this one",
            "does not help",
            "beware");
  }

  @ParameterizedTest
  @EnumSource(
      value = Verdict.class,
      names = {"HEALTHY", "BUSY"})
  void whereNothingIsWrongThereIsNothingToDo(Verdict verdict) {
    assertThat(of(verdict, "a", Optional.empty(), Optional.empty(), "t")).isEmpty();
  }
}

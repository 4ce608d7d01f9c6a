package org.vhostwatch;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The order of the packages is the way of the data; what breaks it breaks the build. */
class ArchitectureTest {

  private static final String ROOT = "org.vhostwatch";

  /** A package may use those before it. A new package takes its place here. */
  static final List<String> ORDER =
      List.of(
          "libc",
          "btf",
          "host",
          "state",
          "probe",
          "detect",
          "exposure",
          "evidence",
          "snapshot",
          "mitigate",
          "report",
          "log",
          "config",
          "metrics",
          "http",
          "incident",
          "notify",
          "daemon",
          "drill",
          "systemd",
          "cli");

  private static final Set<String> MAKES_A_FILE = Set.of("createTempFile", "createFile");

  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void everyPackageHasItsPlaceInTheOrder() {
    Set<String> unplaced = new TreeSet<>();
    for (JavaClass type : MAIN) {
      if (!ORDER.contains(slice(type))) {
        unplaced.add(type.getPackageName());
      }
    }
    assertThat(unplaced).as("packages without a place in ArchitectureTest.ORDER").isEmpty();
  }

  @ParameterizedTest
  @FieldSource("ORDER")
  void aPackageUsesOnlyThoseBeforeIt(String name) {
    List<String> later = new ArrayList<>(ORDER.subList(ORDER.indexOf(name) + 1, ORDER.size()));
    if (name.equals("drill")) {
      // The drill plays VMM and guest: it must work, and be right, without what it tests.
      later.addAll(ORDER.subList(ORDER.indexOf("probe"), ORDER.indexOf("drill")));
    }
    noClasses()
        .that(areIn(List.of(name)))
        .should()
        .dependOnClassesThat(areIn(later))
        .allowEmptyShould(true)
        .check(MAIN);
  }

  @Test
  void noPackagesUseEachOther() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(MAIN);
  }

  @Test
  void theDetectorIsAPureFunction() {
    noClasses()
        .that(areIn(List.of("detect")))
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .dependOnClassesThat(
            describe(
                "do I/O, tell the time or run in parallel",
                type ->
                    type.getPackageName().equals("java.io")
                        || type.getPackageName().startsWith("java.nio")
                        || type.getPackageName().startsWith("java.util.concurrent")
                        || type.isEquivalentTo(Thread.class)
                        || type.isAssignableTo(java.time.Clock.class)
                        || type.isEquivalentTo(java.time.Instant.class)))
        .because("a recording must give the same verdicts as the live host")
        .check(MAIN);
  }

  @Test
  void onlyOnePackageKnowsThePrometheusClient() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".metrics.prometheus..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.prometheus..", "io.micrometer.prometheus..")
        .check(MAIN);
  }

  @Test
  void onlyLibcKnowsJnr() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".libc..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jnr..", "com.kenai..")
        .check(MAIN);
  }

  @Test
  void onlyOnePackageKnowsTheLoggingLibrary() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".log..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.slf4j..", "ch.qos.logback..", "java.util.logging..")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .orShould()
        .callMethod(Thread.class, "dumpStack")
        .because("what is said must be escaped, folded and named in one place")
        .check(MAIN);
  }

  @Test
  void onlyTheSpawnerStartsProcesses() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + ".probe.Spawner")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ProcessBuilder.class)
        .because("a child of another thread dies with that thread")
        .check(MAIN);
    noClasses()
        .should()
        .callMethodWhere(
            target(
                describe(
                    "Runtime.exec",
                    method ->
                        method.getOwner().isEquivalentTo(Runtime.class)
                            && method.getName().equals("exec"))))
        .check(MAIN);
  }

  @Test
  void whatIsMadeIsNotOpenedByNameAfterwards() {
    noClasses()
        .should()
        .callMethodWhere(
            target(
                describe(
                    "Files.createFile or createTempFile",
                    method ->
                        method.getOwner().isEquivalentTo(Files.class)
                            && MAKES_A_FILE.contains(method.getName()))))
        .because("a link may be there by then: one call makes the file and opens it")
        .check(MAIN);
  }

  @Test
  void onlyMainEndsTheProcess() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + ".cli.Main")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(MAIN);
  }

  private static DescribedPredicate<JavaClass> areIn(List<String> packages) {
    return describe(
        "are in " + packages,
        type -> type.getPackageName().startsWith(ROOT) && packages.contains(slice(type)));
  }

  private static String slice(JavaClass type) {
    String name = type.getPackageName();
    if (!name.startsWith(ROOT + ".")) {
      return "";
    }
    String rest = name.substring(ROOT.length() + 1);
    int dot = rest.indexOf('.');
    return dot < 0 ? rest : rest.substring(0, dot);
  }
}

package org.vhostwatch.metrics.prometheus;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Holds the seam along which the client library can be changed. */
class SeamTest {

  private static final JavaClasses PROGRAM =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.vhostwatch");

  @Test
  void onlyThisPackageKnowsThePrometheusClient() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.vhostwatch.metrics.prometheus")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.prometheus..", "io.micrometer.prometheus..")
        .check(PROGRAM);
  }

  @Test
  void theServerAndTheReportsKnowNoMetricsLibraryAtAll() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.vhostwatch.metrics..")
        .and()
        .resideOutsideOfPackage("org.vhostwatch.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.micrometer..")
        .check(PROGRAM);
  }
}

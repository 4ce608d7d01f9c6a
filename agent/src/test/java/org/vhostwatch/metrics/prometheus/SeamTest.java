package org.vhostwatch.metrics.prometheus;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/**
 * The other half of the seam: that only this package knows the Prometheus client is a rule of the
 * whole program's architecture, and so is in its test.
 */
class SeamTest {

  private static final JavaClasses PROGRAM =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.vhostwatch");

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

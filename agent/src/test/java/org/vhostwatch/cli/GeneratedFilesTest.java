package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Origin;
import picocli.AutoComplete;

/**
 * The manual pages, the default file and the completion are made and checked in, so that a change
 * of either is seen. To make them anew: {@code mvn test -Dtest=GeneratedFilesTest
 * -Dvhostwatch.update=true}.
 */
class GeneratedFilesTest {

  private static final Path PACKAGING = Path.of("../packaging");

  @Test
  void theManualPageIsThatOfTheCommandLine() throws IOException {
    same("man/vhostwatch.8", ManPage.of(Vhostwatch.commandLine()));
  }

  @Test
  void theManualPageOfTheConfigurationIsThatOfItsKeys() throws IOException {
    same("man/vhostwatch.conf.5", ConfigurationPages.manualPage());
  }

  @Test
  void theDefaultFileIsThatOfTheKeys() throws IOException {
    same("etc/vhostwatch.conf", ConfigurationPages.file());
  }

  @Test
  void theDefaultFileSaysNothingAndWithoutItsCommentSignsTheDefaults(@TempDir Path folder)
      throws IOException {
    String shipped = ConfigurationPages.file();
    assertDefaults(folder, shipped, Origin.Source.DEFAULT);
    assertDefaults(folder, shipped.replaceAll("(?m)^#(?=[a-z-]+ = )", ""), Origin.Source.FILE);
  }

  private static void assertDefaults(Path folder, String content, Origin.Source source)
      throws IOException {
    Path file = folder.resolve("vhostwatch.conf");
    Files.writeString(file, content);
    Configuration.Found found = Configuration.find(Map.of(), Map.of(), file, false);
    assertThat(found.problems()).isEmpty();
    assertThat(found.configuration().settings())
        .allSatisfy(
            setting -> {
              assertThat(setting.text()).isEqualTo(setting.key().fallback());
              assertThat(setting.origin().source()).isEqualTo(source);
            });
  }

  @Test
  void theCompletionIsThatOfTheCommandLine() throws IOException {
    // Sourced, never run: so without the line that names an interpreter.
    same(
        "completion/vhostwatch.bash",
        AutoComplete.bash("vhostwatch", Vhostwatch.commandLine())
            .replaceFirst("#!.*\n#\n", "")
            .replaceAll("[ \t]+\n", "\n"));
  }

  private static void same(String name, String wanted) throws IOException {
    Path file = PACKAGING.resolve(name);
    if (Boolean.getBoolean("vhostwatch.update")) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, wanted);
    }
    assertThat(Files.readString(file)).as("%s; -Dvhostwatch.update=true", file).isEqualTo(wanted);
  }
}

package org.vhostwatch.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
@SuppressWarnings("try") // it works by itself until it is closed
class TextFileTest {

  private static final int LINES = 20_000;

  @Test
  void theFileIsAlwaysWholeReadableAndGoneAtTheEnd(@TempDir Path folder) throws Exception {
    AtomicInteger writes = new AtomicInteger();
    Exposition exposition =
        (format, out) -> {
          String line = format + " " + writes.incrementAndGet() + "\n";
          for (int i = 0; i < LINES; i++) {
            out.write(line);
          }
        };
    Path file = folder.resolve(TextFile.NAME);
    try (TextFile written = new TextFile(folder, exposition, Duration.ofMillis(1))) {
      await().until(() -> Files.exists(file));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-r--r--");
      int seen = 0;
      while (writes.get() < 50) {
        String content = Files.readString(file);
        assertThat(content.lines().distinct()).hasSize(1);
        assertThat(content.lines()).hasSize(LINES);
        seen++;
      }
      assertThat(seen).isPositive();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aLinkThatSomebodyLeftIsNotFollowed(@TempDir Path folder) throws Exception {
    Path other = folder.resolve("other");
    Files.writeString(other, "mine");
    Files.createSymbolicLink(folder.resolve("." + TextFile.NAME + ".new"), other);
    try (TextFile written =
        new TextFile(folder, (format, out) -> out.write("x 1\n"), Duration.ofMillis(5))) {
      await().until(() -> Files.exists(folder.resolve(TextFile.NAME)));
    }
    assertThat(other).hasContent("mine");
  }

  @Test
  void aFolderThatComesLaterIsUsed(@TempDir Path given) throws IOException {
    Path folder = given.resolve("later");
    try (TextFile written =
        new TextFile(folder, (format, out) -> out.write("x 1\n"), Duration.ofMillis(5))) {
      Files.createDirectory(folder);
      await().until(() -> Files.exists(folder.resolve(TextFile.NAME)));
    }
  }
}

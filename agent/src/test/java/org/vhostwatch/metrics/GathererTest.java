package org.vhostwatch.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GathererTest {

  private static final String WORDS = "vm=\"\u00e4\ud83d\udc27\u4e2d\" ";

  /** Pieces shorter than, as long as and longer than what it holds, of characters of all widths. */
  @Test
  void handsOnAllInOrder() throws IOException {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int size = 1 + random.nextInt(20);
      StringBuilder wanted = new StringBuilder();
      ByteArrayOutputStream seen = new ByteArrayOutputStream();
      try (Writer out = new Gatherer(new OutputStreamWriter(seen, StandardCharsets.UTF_8), size)) {
        for (int i = 0; i < 100; i++) {
          String text = WORDS.repeat(3);
          int offset = random.nextInt(text.length());
          int length = random.nextInt(text.length() - offset + 1);
          String piece = text.substring(offset, offset + length);
          switch (random.nextInt(4)) {
            case 0 -> out.write(text, offset, length);
            case 1 -> out.write(text.toCharArray(), offset, length);
            case 2 -> {
              for (int c = 0; c < length; c++) {
                out.write(piece.charAt(c));
              }
            }
            default -> {
              out.append(piece);
              out.flush();
            }
          }
          wanted.append(piece);
        }
      }
      assertEquals(
          new String(wanted.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8),
          seen.toString(StandardCharsets.UTF_8),
          "seed " + seed);
    }
  }

  @Test
  void flushReachesWhatIsBehind() throws IOException {
    StringWriter behind = new StringWriter();
    Gatherer out = new Gatherer(behind, 100);
    out.write("text");
    assertEquals("", behind.toString());
    out.flush();
    assertEquals("text", behind.toString());
  }

  @Test
  void closesWhatIsBehindEvenIfItRefusesTheRest() {
    boolean[] closed = {false};
    Writer behind =
        new Writer() {
          @Override
          public void write(char[] text, int offset, int length) throws IOException {
            throw new IOException("full");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {
            closed[0] = true;
          }
        };
    assertThrows(
        IOException.class,
        () -> {
          try (Writer out = new Gatherer(behind, 100)) {
            out.write("text");
          }
        });
    assertTrue(closed[0]);
  }
}

package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {

  @Test
  void plainNamesStayAsTheyAre() {
    assertThat(Printable.of("web01 (prod) äöü 日本 😀 %s")).isEqualTo("web01 (prod) äöü 日本 😀 %s");
  }

  @ParameterizedTest
  @CsvSource({
    "1b, \\u{1b}",
    "0, \\u{0}",
    "a, \\u{a}",
    "d, \\u{d}",
    "7f, \\u{7f}",
    "9b, \\u{9b}",
    "202e, \\u{202e}",
    "200b, \\u{200b}",
    "2028, \\u{2028}",
    "2029, \\u{2029}",
    "d83d, \\u{d83d}",
    "e000, \\u{e000}",
    "e0041, \\u{e0041}",
    "feff, \\u{feff}"
  })
  void whatMovesHidesOrEndsALineIsSpelledOut(String hex, String expected) {
    String text = "a" + Character.toString(Integer.parseInt(hex, 16)) + "b";
    assertThat(Printable.of(text)).isEqualTo("a" + expected + "b");
  }

  @Test
  void nobodyCanWriteAnEscapeOfOurs() {
    assertThat(Printable.of("\\u{1b}")).isEqualTo("\\\\u{1b}");
  }

  @Test
  void aLongTextIsCutBetweenCharacters() {
    assertThat(Printable.of("😀".repeat(256))).isEqualTo("😀".repeat(256));
    assertThat(Printable.of("😀".repeat(257))).isEqualTo("😀".repeat(256) + "...");
  }

  @Test
  void nobodyCanEndTheQuotes() {
    assertThat(Printable.quoted("a\"b\\")).isEqualTo("\"a\\\"b\\\\\"");
    assertThat(Printable.quoted("")).isEqualTo("\"\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "web01",
        "a\",b\n{}",
        "back\\\"slash",
        "\\u{a}",
        "\u202e x",
        "x\ud800y",
        "a\udbff\udfffb"
      })
  void whatIsQuotedCanBeUnquoted(String text) {
    assertThat(Printable.unquoted(Printable.quoted(text))).isEqualTo(text);
  }
}

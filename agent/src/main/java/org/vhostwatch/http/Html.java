package org.vhostwatch.http;

import java.util.ArrayDeque;
import java.util.Deque;
import org.vhostwatch.report.Printable;

/**
 * Writes HTML. Whatever is text or the value of an attribute is escaped here; names of elements and
 * attributes are ours.
 */
final class Html {

  private final StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
  private final Deque<String> open = new ArrayDeque<>();

  /**
   * Opens an element.
   *
   * @param attributes names and values in turn; a name alone at the end is one without a value
   */
  Html open(String element, String... attributes) {
    tag(element, attributes);
    open.push(element);
    return this;
  }

  /** Writes an element that has no end, or that ends at once. */
  Html tag(String element, String... attributes) {
    out.append('<').append(element);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]);
      if (i + 1 < attributes.length) {
        out.append("=\"").append(escape(attributes[i + 1])).append('"');
      }
    }
    out.append('>');
    return this;
  }

  /** Closes the element that was opened last. */
  Html close() {
    out.append("</").append(open.pop()).append(">\n");
    return this;
  }

  /** Writes an element with text in it. */
  Html element(String element, String text, String... attributes) {
    tag(element, attributes);
    text(text);
    out.append("</").append(element).append('>');
    return this;
  }

  Html text(String text) {
    out.append(escape(text));
    return this;
  }

  /** Writes the program's own style or script, in which nothing may be escaped. */
  Html own(String element, String content) {
    out.append('<').append(element).append('>').append(content);
    out.append("</").append(element).append(">\n");
    return this;
  }

  /** Returns all that was written; every element must be closed. */
  String whole() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("not closed: " + open);
    }
    return out.toString();
  }

  /**
   * Returns the text without anything that markup, the reader's eye or the line could trip over.
   */
  static String escape(String text) {
    return Printable.of(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}

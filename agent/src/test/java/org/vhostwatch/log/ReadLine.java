package org.vhostwatch.log;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A line of text as docs/logs.md says that it is to be read: {@code event field=value ...:
 * message}.
 *
 * @param fields with their values as they were before they were made harmless, as far as that can
 *     be undone
 */
record ReadLine(String event, Map<String, String> fields, String message) {

  static ReadLine of(String line) {
    int at = 0;
    while (line.charAt(at) != ' ' && line.charAt(at) != ':') {
      at++;
    }
    String event = line.substring(0, at);
    Map<String, String> fields = new LinkedHashMap<>();
    while (line.charAt(at) != ':') {
      int equals = line.indexOf('=', at);
      String name = line.substring(at + 1, equals);
      at = equals + 1;
      StringBuilder value = new StringBuilder();
      if (line.charAt(at) == '"') {
        at++;
        while (line.charAt(at) != '"') {
          at += line.charAt(at) == '\\' && "\\\"".indexOf(line.charAt(at + 1)) >= 0 ? 1 : 0;
          value.append(line.charAt(at++));
        }
        at++;
      } else {
        while (line.charAt(at) != ' ' && line.charAt(at) != ':') {
          value.append(line.charAt(at++));
        }
      }
      if (fields.put(name, value.toString()) != null) {
        throw new AssertionError("twice: " + name);
      }
    }
    return new ReadLine(event, fields, line.substring(at + 2));
  }
}

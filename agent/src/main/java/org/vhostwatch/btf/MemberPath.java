package org.vhostwatch.btf;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The way to a member as C writes it, without the variable: {@code num}, {@code rxq.head}, {@code
 * vqs[1].vq.num}.
 */
final class MemberPath {
  private static final int MAX_LENGTH = 512;
  private static final Pattern STEP =
      Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)((?:\\[[0-9]{1,9}\\])*)");
  private static final Pattern INDEX = Pattern.compile("\\[([0-9]+)\\]");

  private final List<Step> steps;

  private MemberPath(List<Step> steps) {
    this.steps = steps;
  }

  /**
   * Reads a path.
   *
   * @throws IllegalArgumentException if it is not names with constant indices, separated by dots:
   *     paths are written in our code, so a wrong one is a bug and not a property of the kernel
   */
  static MemberPath parse(String path) {
    if (path.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "member path of " + path.length() + " characters, the limit is " + MAX_LENGTH);
    }
    List<Step> steps = new ArrayList<>();
    for (String text : path.split("\\.", -1)) {
      Matcher step = STEP.matcher(text);
      if (!step.matches()) {
        throw new IllegalArgumentException(
            "member path '" + path + "': '" + text + "' is not a name with optional [index]");
      }
      List<Integer> indices = new ArrayList<>();
      for (Matcher index = INDEX.matcher(step.group(2)); index.find(); ) {
        indices.add(Integer.valueOf(index.group(1)));
      }
      steps.add(new Step(step.group(1), List.copyOf(indices)));
    }
    return new MemberPath(List.copyOf(steps));
  }

  List<Step> steps() {
    return steps;
  }

  /** One member name and the array indices behind it, outermost first. */
  record Step(String name, List<Integer> indices) {
    byte[] nameBytes() {
      return name.getBytes(StandardCharsets.US_ASCII);
    }
  }
}

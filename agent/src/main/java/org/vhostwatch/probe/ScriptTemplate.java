package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A script of bpf-scripts/, made fit for one kernel. Three things are replaced in it: the number in
 * front of a {@code /*name*}{@code /}; the function of a block under {@code // needs:}, or the
 * whole block when no alternative exists; {@code tid == 0 /*worker*}{@code /}.
 */
final class ScriptTemplate {

  private static final String NEEDS = "// needs: ";
  private static final Pattern VALUE =
      Pattern.compile("\\b(?:0x[0-9a-f]+|[0-9]+) /\\*(?!worker\\*)([^*]+)\\*/");
  private static final Pattern WORKER = Pattern.compile("tid == 0 /\\*worker\\*/");

  /** Says what the kernel has. */
  interface Kernel {
    /** Returns the number for a name in the script. */
    String value(String name) throws PlanException;

    /** Returns the attach point for {@code [module:]function}, empty if it cannot be probed. */
    Optional<String> attachPoint(String function);

    /** Returns whether a bare word under {@code needs} holds, as {@code btf}. */
    boolean holds(String condition) throws PlanException;
  }

  private final String text;

  ScriptTemplate(String text) {
    this.text = text;
  }

  /** A script fit for a kernel, but for the workers that it is to look at. */
  record Fitted(String text) {

    /** Returns the script; where it names workers, for these. */
    String script(Collection<Integer> workers) {
      return WORKER.matcher(text).replaceAll(Matcher.quoteReplacement(filter(workers)));
    }

    private static String filter(Collection<Integer> workers) {
      return workers.isEmpty()
          ? "tid == 0"
          : workers.stream()
              .map(tid -> "tid == " + tid)
              .collect(Collectors.joining(" || ", "(", ")"));
    }
  }

  /** Returns the script for a kernel, of which nothing is kept. */
  Fitted fit(Kernel kernel) throws PlanException {
    StringBuilder script = new StringBuilder();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (!line.startsWith(NEEDS)) {
        script.append(line).append('\n');
        continue;
      }
      List<String> block = new ArrayList<>();
      do {
        i++;
        if (i == lines.size()) {
          throw new PlanException("the script ends within the block of \"" + line + '"');
        }
        block.add(lines.get(i));
      } while (!lines.get(i).equals("}"));
      choose(line.substring(NEEDS.length()), String.join("\n", block), kernel)
          .ifPresent(chosen -> script.append(line).append('\n').append(chosen).append('\n'));
    }
    return new Fitted(values(script.toString(), kernel));
  }

  private static Optional<String> choose(String needs, String block, Kernel kernel)
      throws PlanException {
    String chosen = block;
    for (String need : needs.split(", *", -1)) {
      String[] alternatives = need.split(" *\\| *", -1);
      if (alternatives.length == 1 && !need.contains(":")) {
        if (!kernel.holds(need)) {
          return Optional.empty();
        }
        continue;
      }
      Optional<String> point = first(alternatives, kernel::attachPoint);
      if (point.isEmpty()) {
        return Optional.empty();
      }
      chosen = chosen.replace("probe:" + alternatives[0] + "\n", "probe:" + point.get() + "\n");
    }
    return Optional.of(chosen);
  }

  private static Optional<String> first(
      String[] alternatives, Function<String, Optional<String>> attachPoint) {
    for (String alternative : alternatives) {
      Optional<String> point = attachPoint.apply(alternative);
      if (point.isPresent()) {
        return point;
      }
    }
    return Optional.empty();
  }

  private static String values(String script, Kernel kernel) throws PlanException {
    Matcher matcher = VALUE.matcher(script);
    StringBuilder result = new StringBuilder();
    while (matcher.find()) {
      String name = matcher.group(1);
      matcher.appendReplacement(
          result, Matcher.quoteReplacement(kernel.value(name) + " /*" + name + "*/"));
    }
    return matcher.appendTail(result).toString();
  }
}

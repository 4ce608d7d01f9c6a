package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** The package manager rpm, asked for the changelog of the running kernel. */
public final class Rpm {

  private static final Path PROGRAM = Path.of("/usr/bin/rpm");

  /** Far more than any package has: 20 years of a kernel are below 200,000. */
  private static final long MAX_LINES = 1_000_000;

  private Rpm() {}

  /**
   * What rpm said.
   *
   * @param owner name and version of the package
   * @param trouble why its changelog tells nothing, empty if it was read
   */
  public record Answer(String owner, String trouble) {}

  /**
   * Reads the changelog of the package that owns the kernel.
   *
   * @param images where the running kernel's image may be; the first that a package owns counts
   * @param limit how long each of the two calls of rpm may take
   * @param lines takes the changelog, newest entry first, on another thread; all is taken when this
   *     returns, unless the answer has a trouble
   * @return empty without rpm, or if no package owns the kernel
   */
  public static Optional<Answer> changelog(
      Spawner spawner, List<Path> images, Duration limit, Consumer<String> lines)
      throws InterruptedException {
    if (!Files.isExecutable(PROGRAM)) {
      return Optional.empty();
    }
    for (Path image : images) {
      if (Files.exists(image)) {
        List<String> owner = Collections.synchronizedList(new ArrayList<>());
        String trouble = run(spawner, limit, owner::add, "-qf", "--", image.toString());
        if (trouble.isEmpty() && owner.size() == 1 && !owner.get(0).startsWith("-")) {
          return Optional.of(
              new Answer(
                  owner.get(0),
                  run(spawner, limit, lines, "-q", "--changelog", "--", owner.get(0))));
        }
      }
    }
    return Optional.empty();
  }

  private static String run(
      Spawner spawner, Duration limit, Consumer<String> lines, String... arguments)
      throws InterruptedException {
    List<String> command = new ArrayList<>(List.of(PROGRAM.toString()));
    command.addAll(List.of(arguments));
    AtomicLong count = new AtomicLong();
    Consumer<String> bounded =
        line -> {
          if (count.incrementAndGet() <= MAX_LINES) {
            lines.accept(line);
          }
        };
    try (Child child = Child.start(spawner, command, "", bounded)) {
      if (!child.await(limit)) {
        return "cannot be read: rpm did not answer within " + limit.toSeconds() + " s";
      }
      return child.exitCode() == 0 ? "" : "cannot be read: rpm said: " + child.complaint();
    } catch (IOException e) {
      return "cannot be read: " + e.getMessage();
    }
  }
}

package org.vhostwatch.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The kernel's symbols of some names: which functions can be probed, under which name, and where
 * objects are. Read again after a module came or went; addresses change then.
 *
 * <p>Functions come from tracefs if it can be read, else from kallsyms; addresses always from
 * kallsyms. It takes some 100 ms of system time: the kernel makes both lists while they are read.
 */
public final class Symbols {
  /**
   * What GCC makes of a function and keeps whole; {@code .part} and {@code .cold} are pieces of one
   * and not called in its stead.
   */
  private static final Pattern CLONE = Pattern.compile("[^.]+(\\.(isra|constprop)\\.[0-9]+)+");

  private static final Pattern FUNCTION_TYPES = Pattern.compile("[tTwW]");

  private final List<Found> functions;
  private final Symbol.Source functionSource;
  private final List<Found> addresses;

  private Symbols(List<Found> functions, Symbol.Source functionSource, List<Found> addresses) {
    this.functions = List.copyOf(functions);
    this.functionSource = functionSource;
    this.addresses = List.copyOf(addresses);
  }

  /**
   * Reads the symbols of these names and their clones.
   *
   * @param wanted plain names, without suffix
   * @param traceable whether to ask tracefs, which takes ftrace's lock ({@link KernelFacts#ftrace})
   */
  public static Symbols read(ProcFs fs, Set<String> wanted, boolean traceable) {
    NameSet names = new NameSet(wanted);
    List<Found> addresses = new ArrayList<>();
    if (!SymbolFile.scanKallsyms(
        fs.path("proc/kallsyms"),
        names,
        (address, type, name, module) -> addresses.add(new Found(name, module, type, address)))) {
      // Half a list would make a name look unique that is not.
      addresses.clear();
    }
    for (String tracefs : traceable ? KernelFacts.TRACEFS : List.<String>of()) {
      List<Found> found = new ArrayList<>();
      if (SymbolFile.scanFunctions(
          fs.path(tracefs + "/available_filter_functions"),
          names,
          (address, type, name, module) -> found.add(new Found(name, module, type, address)))) {
        return new Symbols(found, Symbol.Source.AVAILABLE_FILTER_FUNCTIONS, addresses);
      }
    }
    List<Found> code =
        addresses.stream()
            .filter(found -> FUNCTION_TYPES.matcher(String.valueOf(found.type())).matches())
            .toList();
    return new Symbols(code, Symbol.Source.KALLSYMS, addresses);
  }

  /** Returns where functions were looked for. */
  public Symbol.Source functionSource() {
    return functionSource;
  }

  /** Returns the function of that name in whichever module, or its clone if there is none. */
  public Optional<Symbol> function(String base) {
    return pick(functions.stream().filter(found -> isOrClones(found, base)).toList(), base);
  }

  /**
   * Returns the function of that name in a module, which may be part of the kernel itself, or its
   * clone if there is none.
   */
  public Optional<Symbol> function(String base, String module) {
    return pick(
        inModuleOrKernel(
            functions.stream().filter(found -> isOrClones(found, base)).toList(), module),
        base);
  }

  /**
   * Returns the address, an unsigned number, of exactly that symbol in a module, which may be part
   * of the kernel itself. Empty if there is none, the kernel hides addresses from us
   * (kptr_restrict, missing CAP_SYSLOG), or several symbols have that name: an address must not be
   * a guess.
   */
  public OptionalLong address(String name, String module) {
    List<Long> found =
        inModuleOrKernel(
                addresses.stream().filter(symbol -> symbol.name().equals(name)).toList(), module)
            .stream()
            .map(Found::address)
            .distinct()
            .toList();
    return found.size() == 1 && found.get(0) != 0
        ? OptionalLong.of(found.get(0))
        : OptionalLong.empty();
  }

  private Optional<Symbol> pick(List<Found> candidates, String base) {
    List<Found> exact = candidates.stream().filter(found -> found.name().equals(base)).toList();
    List<Found> best = exact.isEmpty() ? candidates : exact;
    return best.stream()
        .findFirst()
        .map(found -> new Symbol(found.name(), found.module(), functionSource, best.size() > 1));
  }

  private static boolean isOrClones(Found found, String base) {
    return found.name().equals(base)
        || (found.name().startsWith(base + ".") && CLONE.matcher(found.name()).matches());
  }

  private static List<Found> inModuleOrKernel(List<Found> candidates, String module) {
    List<Found> own = candidates.stream().filter(found -> found.module().equals(module)).toList();
    return own.isEmpty()
        ? candidates.stream().filter(found -> found.module().isEmpty()).toList()
        : own;
  }

  private record Found(String name, String module, char type, long address) {}
}

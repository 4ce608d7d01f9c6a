package org.vhostwatch.exposure;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.vhostwatch.host.ProcFs;

/**
 * Live patches, as /sys/kernel/livepatch shows them: {@code NAME/enabled}, {@code NAME/transition},
 * and a folder {@code NAME/OBJECT/FUNCTION,POSITION} for each function that is replaced.
 *
 * @param replacing names of those that are enabled and replace a function with the comparison that
 *     the fix changes
 * @param functions the functions they replace
 * @param moving names of all that are still on their way in or out, whatever they replace
 * @param hidden modules of those who patch in their own way (KernelCare, Ksplice), which does not
 *     show what is replaced
 */
record Livepatches(
    List<String> replacing, Set<String> functions, Set<String> moving, List<String> hidden) {

  private static final Pattern HIDDEN = Pattern.compile("kcare|ksplice.*");

  /** Functions that hold the comparison, or get it inlined by the compiler. */
  private static final Set<String> FUNCTIONS =
      Set.of(
          "vhost_enable_notify",
          "vhost_get_vq_desc",
          "vhost_get_vq_desc_n",
          "vhost_vq_avail_empty",
          "vhost_get_avail_idx");

  private static final String FOLDER = "sys/kernel/livepatch";
  private static final int SMALL = 64;
  private static final int MAX_PATCHES = 256;

  static Livepatches read(ProcFs fs) {
    List<String> replacing = new ArrayList<>();
    Set<String> functions = new java.util.TreeSet<>();
    Set<String> inTransition = new java.util.TreeSet<>();
    for (String patch : fs.names(FOLDER).stream().sorted().limit(MAX_PATCHES).toList()) {
      String folder = FOLDER + "/" + patch;
      boolean moving = fs.text(folder + "/transition", SMALL).orElse("0").equals("1");
      if (moving) {
        inTransition.add(patch);
      }
      boolean enabled = fs.text(folder + "/enabled", SMALL).orElse("0").equals("1");
      Set<String> found = replaced(fs, folder);
      if ((enabled || moving) && !found.isEmpty()) {
        replacing.add(patch);
        functions.addAll(found);
      }
    }
    List<String> hidden =
        fs.names("sys/module").stream()
            .filter(module -> HIDDEN.matcher(module).matches())
            .sorted()
            .toList();
    return new Livepatches(replacing, functions, inTransition, hidden);
  }

  private static Set<String> replaced(ProcFs fs, String folder) {
    Set<String> found = new java.util.TreeSet<>();
    for (String object : fs.names(folder)) {
      if (object.startsWith("vhost") || object.equals("vmlinux")) {
        for (String function : fs.names(folder + "/" + object)) {
          String name = function.split("[,.]", 2)[0];
          if (FUNCTIONS.contains(name)) {
            found.add(name);
          }
        }
      }
    }
    return found;
  }
}

package org.vhostwatch.host;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The VM's name and UUID in a QEMU command line, as libvirt, Proxmox and people write it: {@code
 * -name guest=NAME,debug-threads=on}, {@code -name NAME}, {@code -id VMID} (the name where there is
 * no other), {@code -uuid UUID}, {@code -smbios type=1,uuid=UUID}. Of an option given twice the
 * last one counts, as in QEMU.
 */
record QemuCommandLine(Optional<String> name, Optional<String> uuid, Optional<String> vmid) {
  static final QemuCommandLine NONE =
      new QemuCommandLine(Optional.empty(), Optional.empty(), Optional.empty());

  /** A number, as Proxmox gives it; what else stands there is not one to put into advice. */
  private static final Pattern VMID = Pattern.compile("[0-9]{1,9}");

  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  /**
   * Reads arguments that are separated by NULs.
   *
   * @param cut whether there were more bytes than these: the last argument may then be half of one
   *     and is left out
   */
  static QemuCommandLine parse(byte[] bytes, boolean cut) {
    String[] arguments = new String(bytes, StandardCharsets.UTF_8).split("\0", -1);
    int end = cut ? arguments.length - 1 : arguments.length;
    Map<String, String> found = new HashMap<>();
    for (int i = 1; i + 1 < end; i++) {
      String value = arguments[i + 1];
      // QEMU takes one dash or two.
      String option = arguments[i].startsWith("--") ? arguments[i].substring(1) : arguments[i];
      switch (option) {
        case "-name" -> found.put("name", options(value, "guest").getOrDefault("guest", ""));
        case "-id" -> found.put("id", value);
        case "-uuid" -> found.put("uuid", value);
        case "-smbios" -> {
          Map<String, String> smbios = options(value, "file");
          if ("1".equals(smbios.get("type"))) {
            found.put("smbios", smbios.getOrDefault("uuid", ""));
          }
        }
        default -> {}
      }
    }
    return new QemuCommandLine(
        text(found, "name").or(() -> text(found, "id")),
        uuid(found, "uuid").or(() -> uuid(found, "smbios")),
        text(found, "id").filter(value -> VMID.matcher(value).matches()));
  }

  private static Optional<String> text(Map<String, String> found, String key) {
    return Optional.ofNullable(found.get(key)).filter(value -> !value.isEmpty());
  }

  private static Optional<String> uuid(Map<String, String> found, String key) {
    return text(found, key).filter(value -> UUID.matcher(value).matches());
  }

  /**
   * Reads {@code key=value,key=value} as QEMU does: two commas in a value are one, a first value
   * without a key belongs to the implied one.
   */
  private static Map<String, String> options(String text, String implied) {
    Map<String, String> options = new HashMap<>();
    int at = 0;
    while (at < text.length()) {
      int keyEnd = at;
      while (keyEnd < text.length() && text.charAt(keyEnd) != '=' && text.charAt(keyEnd) != ',') {
        keyEnd++;
      }
      boolean hasKey = keyEnd < text.length() && text.charAt(keyEnd) == '=';
      String key = hasKey ? text.substring(at, keyEnd) : at == 0 ? implied : "";
      StringBuilder value = new StringBuilder();
      at = hasKey ? keyEnd + 1 : at;
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c == ',') {
          if (at == text.length() || text.charAt(at) != ',') {
            break;
          }
          at++;
        }
        value.append(c);
      }
      options.put(key, value.toString());
    }
    return options;
  }
}

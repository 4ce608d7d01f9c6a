package org.vhostwatch.drill;

import java.io.IOException;
import org.vhostwatch.libc.Errno;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.LibcException;

/** Opens device files with an answer to the two usual obstacles. */
final class Devices {
  private Devices() {}

  /**
   * Opens a device file.
   *
   * @param path of the device
   * @param module the kernel module behind it, for the advice
   * @throws DrillException if the device is absent or may not be opened
   */
  static Fd open(String path, String module) throws IOException {
    try {
      return Fd.open(path);
    } catch (LibcException e) {
      throw switch (e.errno()) {
        case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
            DrillException.cannotRun(
                "no " + path + ": load the module first (modprobe " + module + ")", e);
        case Errno.EACCES, Errno.EPERM ->
            DrillException.cannotRun("not permitted to open " + path + ": run as root", e);
        default -> e;
      };
    }
  }
}

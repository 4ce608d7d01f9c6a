package org.vhostwatch.btf;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The types of a kernel or of one of its modules, asked for by name. Made for 64-bit kernels: a
 * pointer has 8 bytes.
 *
 * <p>It keeps the raw file (5 to 8 MB for vmlinux) and 4 bytes for each type, so hold it only while
 * offsets are worked out. Immutable once read; the files may be hostile or cut off, then every
 * method throws {@link BtfException} and nothing else.
 */
public final class Btf {
  /**
   * The largest file that is read, in bytes: ten times what kernels have now, and still bearable
   * for the heap of an agent.
   */
  public static final int MAX_BYTES = 64 << 20;

  private static final int PIECE = 64 << 10;

  private final TypeTable types;

  private Btf(TypeTable types) {
    this.types = types;
  }

  /**
   * Reads a self-contained file, such as /sys/kernel/btf/vmlinux, of at most {@link #MAX_BYTES}.
   */
  public static Btf read(Path file) throws BtfException {
    return read(file, MAX_BYTES);
  }

  /**
   * Reads a self-contained file of at most {@code maxBytes}, which bounds the memory it can cost.
   */
  public static Btf read(Path file, int maxBytes) throws BtfException {
    return parse(load(file, maxBytes), file.toString(), null);
  }

  /**
   * Reads a module's file, such as /sys/kernel/btf/vhost_net, whose types refer to this kernel's.
   */
  public Btf readSplit(Path file) throws BtfException {
    return parse(load(file, MAX_BYTES), file.toString(), this);
  }

  /**
   * Reads BTF that is in memory already.
   *
   * @param data the whole file; kept and not copied, so it must not change any more
   * @param name what to call it in messages
   * @param base the kernel's BTF if this is a module's, else null
   */
  public static Btf parse(byte[] data, String name, @Nullable Btf base) throws BtfException {
    return new Btf(new TypeTable(data, name, base == null ? null : base.types));
  }

  /**
   * Returns where a member is.
   *
   * @param struct name of a struct or union definition; a module's own comes before the kernel's of
   *     the same name
   * @param path the member as C writes it, for example {@code num}, {@code rxq.head} or {@code
   *     vqs[1].vq.num}; members of nameless structs and unions are found by their name alone,
   *     pointers are not followed
   * @throws BtfException if there is no such member, it is a bitfield, or the data is damaged
   * @throws IllegalArgumentException if the path is not written like one
   */
  public MemberLayout member(String struct, String path) throws BtfException {
    return findMember(struct, path)
        .orElseThrow(
            () -> new BtfException(types.name() + ": no member " + path + " in struct " + struct));
  }

  /**
   * As {@link #member}, but a struct or member that does not exist gives nothing instead of an
   * exception.
   */
  public Optional<MemberLayout> findMember(String struct, String path) throws BtfException {
    MemberPath parsed = MemberPath.parse(path);
    int id = find(struct);
    return id == 0 ? Optional.empty() : new MemberFinder(types).find(id, parsed);
  }

  /**
   * Returns the size of a struct or union in bytes.
   *
   * @throws BtfException if there is none of that name
   */
  public long size(String struct) throws BtfException {
    int id = find(struct);
    if (id == 0) {
      throw new BtfException(types.name() + ": no struct " + struct);
    }
    return types.sizeOrType(id);
  }

  /** Returns whether a struct or union of that name is defined here or in the base. */
  public boolean hasStruct(String struct) {
    return find(struct) != 0;
  }

  private int find(String struct) {
    byte[] name = struct.getBytes(StandardCharsets.UTF_8);
    int id = 0;
    for (TypeTable table = types; table != null && id == 0; table = table.base()) {
      id = table.struct(name);
    }
    return id;
  }

  private static byte[] load(Path file, int maxBytes) throws BtfException {
    try (InputStream in = new FileInputStream(file.toFile())) {
      long size = Files.size(file);
      if (size > maxBytes) {
        throw new BtfException(file + ": " + size + " bytes, the limit is " + maxBytes);
      }
      // One array of the right size: readAllBytes would hold the file twice.
      byte[] data = new byte[(int) size];
      int length = 0;
      // In pieces: the JDK takes memory beside the heap for as much as is asked for at once.
      for (int read = 1; read > 0; length += read) {
        read = in.readNBytes(data, length, Math.min(PIECE, data.length - length));
      }
      return length == data.length ? data : Arrays.copyOf(data, length);
    } catch (FileNotFoundException e) {
      // Names the file and says why, in the system's words.
      throw new BtfException(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new BtfException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}

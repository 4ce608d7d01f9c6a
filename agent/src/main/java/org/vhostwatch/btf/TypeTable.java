package org.vhostwatch.btf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The types of one BTF file, found in one pass that only notes where each begins; everything else
 * is read from the raw bytes when it is asked for. A split table goes on where its base ends: type
 * ids below {@link #firstId} and string offsets below {@link #firstString} are the base's.
 *
 * <p>The pass checks all that later reads rely on (every type lies in the type section, the strings
 * end with a NUL, every type's name is in the strings), so only ids and names that members carry
 * need a check when they are followed.
 */
final class TypeTable {
  private static final int MAGIC = 0xeb9f;
  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 24;
  private static final int TYPE_BYTES = 12;
  private static final int MEMBER_BYTES = 12;

  private final String name;
  private final ByteBuffer data;
  private final @Nullable TypeTable base;
  private final int firstId;
  private final long firstString;
  private final int stringStart;
  private final int stringLength;

  /** Byte position in the file of type {@code firstId + i}. */
  private int[] positions;

  private int count;

  /**
   * Ids of the struct and union definitions that have a name: the only types that are looked up by
   * name.
   */
  private int[] structs = new int[256];

  private int structCount;

  /**
   * Reads the header and finds the types.
   *
   * @param bytes the whole file; kept, not copied
   * @param name what to call it in messages
   */
  TypeTable(byte[] bytes, String name, @Nullable TypeTable base) throws BtfException {
    this.name = name;
    this.base = base;
    this.firstId = base == null ? 1 : base.endId();
    this.firstString = base == null ? 0 : base.endString();
    this.data = ByteBuffer.wrap(bytes);
    if (bytes.length < HEADER_BYTES) {
      throw damaged(0, bytes.length + " bytes are fewer than the " + HEADER_BYTES + " of a header");
    }
    data.order(byteOrder());
    if (data.get(2) != VERSION) {
      throw damaged(2, "version " + data.get(2) + ", only " + VERSION + " is known");
    }
    // Newer kernels append fields to the header: what it says of its own length counts.
    long header = u32(4);
    if (header < HEADER_BYTES || header > bytes.length) {
      throw damaged(
          4,
          "header length "
              + header
              + " is not between "
              + HEADER_BYTES
              + " and the file's "
              + bytes.length);
    }
    int typeStart = section(8, header, "type");
    int typeEnd = typeStart + (int) u32(12);
    this.stringStart = section(16, header, "string");
    this.stringLength = (int) u32(20);
    if (stringLength > 0 && data.get(stringStart + stringLength - 1) != 0) {
      throw damaged(stringStart + stringLength - 1, "the string section does not end with a NUL");
    }
    // A type with what belongs to it takes 20 to 30 bytes on average; the array grows if that was
    // too hopeful.
    this.positions = new int[Math.max(16, (typeEnd - typeStart) / 20)];
    index(typeStart, typeEnd);
  }

  private ByteOrder byteOrder() throws BtfException {
    int magic = Short.toUnsignedInt(data.order(ByteOrder.LITTLE_ENDIAN).getShort(0));
    if (magic == MAGIC) {
      return ByteOrder.LITTLE_ENDIAN;
    }
    if (magic == Short.toUnsignedInt(Short.reverseBytes((short) MAGIC))) {
      return ByteOrder.BIG_ENDIAN;
    }
    throw damaged(0, String.format("magic 0x%04x is not BTF's 0x%04x", magic, MAGIC));
  }

  /** Returns where the section begins whose offset and length stand at {@code at} in the header. */
  private int section(int at, long header, String what) throws BtfException {
    long start = header + u32(at);
    long length = u32(at + 4);
    if (start + length > data.capacity()) {
      throw damaged(
          at,
          what
              + " section of "
              + length
              + " bytes at "
              + start
              + " runs past the end of the file at "
              + data.capacity());
    }
    return (int) start;
  }

  private void index(int typeStart, int typeEnd) throws BtfException {
    int at = typeStart;
    while (at < typeEnd) {
      int id = endId();
      if (typeEnd - at < TYPE_BYTES) {
        throw damaged(id, at, "cut off: " + (typeEnd - at) + " bytes are left in the type section");
      }
      int info = data.getInt(at + 4);
      int kind = kindOf(info);
      int vlen = vlenOf(info);
      long trailing = Kind.trailingBytes(kind, vlen);
      if (trailing < 0) {
        throw damaged(id, at, "unknown kind " + kind);
      }
      if (trailing > typeEnd - at - TYPE_BYTES) {
        String what = trailing > TYPE_BYTES ? "member count " + vlen : "kind " + kind;
        throw damaged(id, at, what + " runs past the end of the type section");
      }
      long nameOffset = u32(at);
      if (nameOffset != 0 && nameOffset >= endString()) {
        throw damaged(
            id,
            at,
            "name at " + nameOffset + " is outside the " + endString() + " bytes of strings");
      }
      if (count == positions.length) {
        positions = Arrays.copyOf(positions, count + count / 2);
      }
      positions[count++] = at;
      if (nameOffset != 0 && Kind.isStructOrUnion(kind)) {
        if (structCount == structs.length) {
          structs = Arrays.copyOf(structs, 2 * structCount);
        }
        structs[structCount++] = id;
      }
      at += TYPE_BYTES + (int) trailing;
    }
  }

  /** Returns the first id after this table's types. */
  int endId() {
    return firstId + count;
  }

  private long endString() {
    return firstString + stringLength;
  }

  @Nullable TypeTable base() {
    return base;
  }

  String name() {
    return name;
  }

  /**
   * Returns the id of this table's own struct or union definition of that name, 0 if it has none.
   */
  int struct(byte[] wanted) {
    for (int i = 0; i < structCount; i++) {
      long nameOffset = u32(positions[structs[i] - firstId]);
      if (nameIs(nameOffset, wanted)) {
        return structs[i];
      }
    }
    return 0;
  }

  /**
   * Whether the string at that offset is these characters; false also for an offset outside of the
   * strings.
   */
  boolean nameIs(long nameOffset, byte[] wanted) {
    TypeTable owner = this;
    while (owner.base != null && nameOffset < owner.firstString) {
      owner = owner.base;
    }
    long start = nameOffset - owner.firstString;
    if (start + wanted.length >= owner.stringLength) {
      return false;
    }
    int at = owner.stringStart + (int) start;
    for (int i = 0; i < wanted.length; i++) {
      if (owner.data.get(at + i) != wanted[i]) {
        return false;
      }
    }
    return owner.data.get(at + wanted.length) == 0;
  }

  /** Returns the table, this one or its base, that a type of this id is in. */
  TypeTable owner(int id) {
    TypeTable owner = this;
    while (owner.base != null && id < owner.firstId) {
      owner = owner.base;
    }
    return owner;
  }

  /** Whether there is a type of that id; 0, C's void, is none. */
  boolean has(long id) {
    return id >= 1 && id < endId();
  }

  int kind(int id) {
    TypeTable owner = owner(id);
    return kindOf(owner.data.getInt(owner.position(id) + 4));
  }

  int memberCount(int id) {
    TypeTable owner = owner(id);
    return vlenOf(owner.data.getInt(owner.position(id) + 4));
  }

  /** Whether the struct's member offsets carry the width of bitfields. */
  boolean kindFlag(int id) {
    TypeTable owner = owner(id);
    return owner.data.getInt(owner.position(id) + 4) < 0;
  }

  /** Returns the size in bytes or the id of the type this one points to, by kind. */
  long sizeOrType(int id) {
    TypeTable owner = owner(id);
    return owner.u32(owner.position(id) + 8);
  }

  /**
   * Returns the 32-bit word that follows the type's head: an integer's encoding, or word 0 to 2 of
   * an array.
   */
  long extra(int id, int word) {
    TypeTable owner = owner(id);
    return owner.u32(owner.position(id) + TYPE_BYTES + 4 * word);
  }

  long memberName(int id, int member) {
    return memberWord(id, member, 0);
  }

  long memberType(int id, int member) {
    return memberWord(id, member, 4);
  }

  long memberOffset(int id, int member) {
    return memberWord(id, member, 8);
  }

  private long memberWord(int id, int member, int at) {
    TypeTable owner = owner(id);
    return owner.u32(owner.position(id) + TYPE_BYTES + MEMBER_BYTES * member + at);
  }

  private int position(int id) {
    return positions[id - firstId];
  }

  private long u32(int at) {
    return Integer.toUnsignedLong(data.getInt(at));
  }

  /** Seven bits of kind: kernels before 7.1 use five and leave the others 0. */
  private static int kindOf(int info) {
    return (info >>> 24) & 0x7f;
  }

  /** 24 bits of member count: kernels before 7.1 use sixteen and leave the others 0. */
  private static int vlenOf(int info) {
    return info & 0xffffff;
  }

  private BtfException damaged(int at, String what) {
    return new BtfException(name + ": byte " + at + ": " + what);
  }

  private BtfException damaged(int id, int at, String what) {
    return new BtfException(name + ": type " + id + " at byte " + at + ": " + what);
  }

  /** Returns the exception for damage found in a type of this table or its base. */
  BtfException damagedType(int id, String what) {
    TypeTable owner = owner(id);
    return owner.damaged(id, owner.position(id), what);
  }
}

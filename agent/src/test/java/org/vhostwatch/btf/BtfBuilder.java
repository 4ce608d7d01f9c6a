package org.vhostwatch.btf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes BTF for tests, right or wrong as told: nothing is checked, ids and counts are what the
 * caller says.
 */
final class BtfBuilder {
  private final ByteBuffer types;
  private final ByteBuffer strings = ByteBuffer.allocate(1 << 16);
  private final ByteOrder order;
  private final int firstId;
  private final int firstString;
  private int headerBytes = 24;
  private int count;

  private BtfBuilder(ByteOrder order, int firstId, int firstString) {
    this.order = order;
    this.types = ByteBuffer.allocate(1 << 22).order(order);
    this.firstId = firstId;
    this.firstString = firstString;
  }

  static BtfBuilder littleEndian() {
    return base(ByteOrder.LITTLE_ENDIAN);
  }

  static BtfBuilder bigEndian() {
    return base(ByteOrder.BIG_ENDIAN);
  }

  private static BtfBuilder base(ByteOrder order) {
    BtfBuilder builder = new BtfBuilder(order, 1, 0);
    builder.strings.put((byte) 0);
    return builder;
  }

  /** A module's BTF on what this builder has so far. */
  BtfBuilder split() {
    return new BtfBuilder(order, firstId + count, firstString + strings.position());
  }

  BtfBuilder headerBytes(int bytes) {
    headerBytes = bytes;
    return this;
  }

  /** Adds a type and returns its id. */
  int type(int kind, String name, int vlen, int sizeOrType, int... trailing) {
    return typeWithInfo(name, (kind << 24) | vlen, sizeOrType, trailing);
  }

  int typeWithInfo(String name, int info, int sizeOrType, int... trailing) {
    types.putInt(string(name)).putInt(info).putInt(sizeOrType);
    for (int word : trailing) {
      types.putInt(word);
    }
    return firstId + count++;
  }

  int integer(String name, int bytes) {
    return type(Kind.INT, name, 0, bytes, 8 * bytes);
  }

  int array(int element, int elements) {
    return type(Kind.ARRAY, "", 0, 0, element, 0, elements);
  }

  int struct(String name, int bytes, Member... members) {
    return aggregate(Kind.STRUCT, name, bytes, members);
  }

  int union(String name, int bytes, Member... members) {
    return aggregate(Kind.UNION, name, bytes, members);
  }

  private int aggregate(int kind, String name, int bytes, Member... members) {
    List<Integer> words = new ArrayList<>();
    for (Member member : members) {
      words.addAll(List.of(string(member.name()), member.type(), member.offsetWord()));
    }
    return type(kind, name, members.length, bytes, words.stream().mapToInt(i -> i).toArray());
  }

  /** Returns the id that the next type will have, for types that refer to themselves. */
  int nextId() {
    return firstId + count;
  }

  private int string(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    int at = firstString + strings.position();
    strings.put(text.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
    return at;
  }

  byte[] build() {
    ByteBuffer out =
        ByteBuffer.allocate(headerBytes + types.position() + strings.position()).order(order);
    out.putShort((short) 0xeb9f).put((byte) 1).put((byte) 0).putInt(headerBytes);
    out.putInt(0).putInt(types.position()).putInt(types.position()).putInt(strings.position());
    out.position(headerBytes);
    out.put(types.array(), 0, types.position()).put(strings.array(), 0, strings.position());
    return out.array();
  }

  /**
   * A member as it is in the file: the last word has the bit offset and, in structs with the kind
   * flag, a width above it.
   */
  record Member(String name, int type, int offsetWord) {
    static Member at(String name, int type, int byteOffset) {
      return new Member(name, type, 8 * byteOffset);
    }
  }
}

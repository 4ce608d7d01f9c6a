package org.vhostwatch.btf;

import java.util.Optional;

/**
 * One walk from a struct along a {@link MemberPath}. Every chain it follows has an end: hostile BTF
 * can make a type its own typedef or a struct a nameless member of itself, or nest nameless members
 * so that a search would visit each of them a billion times.
 */
final class MemberFinder {
  /** The kernel's own limit when it resolves types (MAX_RESOLVE_DEPTH in kernel/bpf/btf.c). */
  private static final int MAX_DEPTH = 32;

  /** Members looked at in one walk; struct page, the worst in real kernels, has some hundreds. */
  private static final int MAX_VISITS = 1 << 20;

  /** Far above any kernel object, far below where sums of offsets could overflow. */
  private static final long MAX_BYTES = 1L << 40;

  private static final int POINTER_BYTES = 8;

  private final TypeTable types;
  private int visits;

  /** The type and place reached so far. */
  private int type;

  private long bits;

  MemberFinder(TypeTable types) {
    this.types = types;
  }

  /**
   * Returns where the path leads from a struct, or nothing if a step does not exist.
   *
   * @throws BtfException if the types are damaged, or the member is a bitfield, which has no place
   *     in bytes
   */
  Optional<MemberLayout> find(int struct, MemberPath path) throws BtfException {
    type = struct;
    bits = 0;
    for (MemberPath.Step step : path.steps()) {
      int outer = resolve(type);
      if (outer == 0
          || !Kind.isStructOrUnion(types.kind(outer))
          || !enter(outer, step.nameBytes(), bits, 0)) {
        return Optional.empty();
      }
      for (int index : step.indices()) {
        int array = resolve(type);
        if (array == 0 || types.kind(array) != Kind.ARRAY || index >= types.extra(array, 2)) {
          return Optional.empty();
        }
        type = target(array, types.extra(array, 0));
        // Checked for the whole array first, so that no index below its end can overflow.
        long element = size(type);
        product(array, types.extra(array, 2), element);
        bits += 8L * index * element;
      }
    }
    MemberLayout layout = new MemberLayout(bits / 8, size(type));
    long whole = types.sizeOrType(struct);
    if (layout.offset() + layout.size() > whole) {
      throw types.damagedType(
          struct,
          "a member at "
              + layout.offset()
              + " of "
              + layout.size()
              + " bytes lies outside the struct's "
              + whole);
    }
    return Optional.of(layout);
  }

  /**
   * Goes to the member of that name in a struct or in its nameless members; false if there is none.
   */
  private boolean enter(int struct, byte[] name, long start, int depth) throws BtfException {
    if (depth > MAX_DEPTH) {
      throw types.damagedType(
          struct,
          "nameless members nest more than " + MAX_DEPTH + " deep: does it contain itself?");
    }
    boolean withWidths = types.kindFlag(struct);
    int members = types.memberCount(struct);
    for (int i = 0; i < members; i++) {
      if (++visits > MAX_VISITS) {
        throw types.damagedType(struct, "the search visited more than " + MAX_VISITS + " members");
      }
      long memberName = types.memberName(struct, i);
      boolean nameless = memberName == 0;
      if (!nameless && !types.owner(struct).nameIs(memberName, name)) {
        continue;
      }
      long word = types.memberOffset(struct, i);
      long at = start + (withWidths ? word & 0xffffff : word);
      int memberType = target(struct, types.memberType(struct, i));
      if (nameless) {
        int inner = resolve(memberType);
        if (inner != 0
            && Kind.isStructOrUnion(types.kind(inner))
            && enter(inner, name, at, depth + 1)) {
          return true;
        }
        continue;
      }
      if (at % 8 != 0 || (withWidths && word >>> 24 != 0) || isPartOfInteger(memberType)) {
        throw types.damagedType(
            struct, "member " + i + " is a bitfield: it has no offset in bytes");
      }
      type = memberType;
      bits = at;
      return true;
    }
    return false;
  }

  /**
   * Whether the type is an integer narrower than its bytes: how bitfields were written before
   * members had a width.
   */
  private boolean isPartOfInteger(int id) throws BtfException {
    int integer = resolve(id);
    if (integer == 0 || types.kind(integer) != Kind.INT) {
      return false;
    }
    long encoding = types.extra(integer, 0);
    return (encoding & 0xff) != 8 * types.sizeOrType(integer) || ((encoding >>> 16) & 0xff) != 0;
  }

  /** Returns the size in bytes of any type that can be a member. */
  private long size(int id) throws BtfException {
    long elements = 1;
    int at = resolve(id);
    for (int depth = 0; at != 0 && types.kind(at) == Kind.ARRAY; depth++) {
      if (depth > MAX_DEPTH) {
        throw types.damagedType(
            at, "arrays nest more than " + MAX_DEPTH + " deep: does it contain itself?");
      }
      elements = product(at, elements, types.extra(at, 2));
      at = resolve(target(at, types.extra(at, 0)));
    }
    if (at == 0) {
      throw new BtfException(types.name() + ": a member or array element is of type void");
    }
    return switch (types.kind(at)) {
      case Kind.PTR -> product(at, elements, POINTER_BYTES);
      case Kind.INT, Kind.ENUM, Kind.ENUM64, Kind.FLOAT, Kind.STRUCT, Kind.UNION ->
          product(at, elements, types.sizeOrType(at));
      default ->
          throw types.damagedType(
              at, "kind " + types.kind(at) + " has no size, so it cannot be a member");
    };
  }

  private long product(int id, long elements, long size) throws BtfException {
    if (size != 0 && elements > MAX_BYTES / size) {
      throw types.damagedType(
          id, elements + " elements of " + size + " bytes are more than any kernel object has");
    }
    return elements * size;
  }

  /** Follows typedefs, qualifiers and tags; 0 is void. */
  private int resolve(int id) throws BtfException {
    int at = id;
    for (int depth = 0; at != 0 && Kind.isModifier(types.kind(at)); depth++) {
      if (depth > MAX_DEPTH) {
        throw types.damagedType(
            id, "more than " + MAX_DEPTH + " typedefs and qualifiers: does it point to itself?");
      }
      at = target(at, types.sizeOrType(at));
    }
    return at;
  }

  /** Checks an id found in a type; 0 is void. */
  private int target(int from, long id) throws BtfException {
    TypeTable owner = types.owner(from);
    if (id != 0 && !owner.has(id)) {
      throw types.damagedType(
          from, "refers to type " + id + ", the last one is " + (owner.endId() - 1));
    }
    return (int) id;
  }
}

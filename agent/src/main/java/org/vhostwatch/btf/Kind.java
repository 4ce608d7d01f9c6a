package org.vhostwatch.btf;

/**
 * The kinds of BTF types, as numbers: one object per type would be too dear for 150,000 of them.
 */
final class Kind {
  static final int INT = 1;
  static final int PTR = 2;
  static final int ARRAY = 3;
  static final int STRUCT = 4;
  static final int UNION = 5;
  static final int ENUM = 6;
  static final int FWD = 7;
  static final int TYPEDEF = 8;
  static final int VOLATILE = 9;
  static final int CONST = 10;
  static final int RESTRICT = 11;
  static final int FUNC = 12;
  static final int FUNC_PROTO = 13;
  static final int VAR = 14;
  static final int DATASEC = 15;
  static final int FLOAT = 16;
  static final int DECL_TAG = 17;
  static final int TYPE_TAG = 18;
  static final int ENUM64 = 19;

  private Kind() {}

  /**
   * Returns the number of bytes that follow the 12 bytes every type begins with, or -1 for a kind
   * this reader does not know: what comes after it could not be found.
   *
   * @param vlen the number of members, enumerators, parameters or variables, 0 to 2^24 - 1
   */
  static long trailingBytes(int kind, int vlen) {
    return switch (kind) {
      case PTR, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FLOAT, TYPE_TAG -> 0;
      case INT, VAR, DECL_TAG -> 4;
      case ARRAY -> 12;
      case ENUM, FUNC_PROTO -> 8L * vlen;
      case STRUCT, UNION, DATASEC, ENUM64 -> 12L * vlen;
      default -> -1;
    };
  }

  /** Whether the type only adds a name or an attribute to the type it points to. */
  static boolean isModifier(int kind) {
    return switch (kind) {
      case TYPEDEF, VOLATILE, CONST, RESTRICT, DECL_TAG, TYPE_TAG -> true;
      default -> false;
    };
  }

  static boolean isStructOrUnion(int kind) {
    return kind == STRUCT || kind == UNION;
  }
}

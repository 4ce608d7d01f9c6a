package org.vhostwatch.config;

/**
 * What is in force of one key.
 *
 * @param text as it was written
 * @param value what that means
 * @param origin where it comes from
 * @param <T> what a value is
 */
public record Setting<T>(Key<T> key, String text, T value, Origin origin) {

  static <T> Setting<T> of(Key<T> key, String text, Origin origin) throws BadValue {
    return new Setting<>(key, text, key.kind().read(text), origin);
  }

  static <T> Setting<T> fallback(Key<T> key) {
    try {
      return of(key, key.fallback(), Origin.NOWHERE);
    } catch (BadValue e) {
      throw new IllegalStateException("the default of " + key, e);
    }
  }

  /** Returns whether somebody said so. */
  boolean given() {
    return origin.source() != Origin.Source.DEFAULT;
  }

  /** Returns whether both mean the same, however they are written. */
  boolean means(Setting<?> other) {
    return value != null && value.equals(other.value());
  }
}

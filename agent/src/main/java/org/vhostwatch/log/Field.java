package org.vhostwatch.log;

import java.util.Locale;

/**
 * What an event can tell, by name. Those that say of whom it is stand before its message; the
 * others are part of that.
 */
enum Field {
  VM(Kind.NAME),
  TAP(Kind.NAME),
  QUEUE(Kind.ID),
  TID(Kind.ID),
  PID(Kind.NUMBER),
  IFINDEX(Kind.ID),
  NETNS(Kind.ID),
  INCIDENT(Kind.NAME),
  COUNT(Kind.NUMBER),
  QUEUES(Kind.NUMBER),
  SECONDS(Kind.NUMBER),
  CONFIDENCE(Kind.TEXT),
  SUMMARY(Kind.TEXT),
  NOW(Kind.TEXT),
  REASON(Kind.MATTER),
  TROUBLE(Kind.MATTER),
  PROBLEM(Kind.LINE),
  STATUS(Kind.TEXT),
  HOW(Kind.MATTER),
  FEATURES(Kind.TEXT),
  FOLDER(Kind.TEXT),
  VERSION(Kind.TEXT),
  ADDRESS(Kind.TEXT),
  PATH(Kind.TEXT),
  KEY(Kind.TEXT),
  BEFORE(Kind.TEXT),
  AFTER(Kind.TEXT),
  ORIGIN(Kind.TEXT),
  CHANGES(Kind.TEXT),
  THREAD(Kind.TEXT),
  ERROR(Kind.MATTER),
  LOGGER(Kind.TEXT),
  TEXT(Kind.MATTER);

  /** What its values are. */
  enum Kind {
    /** A short text that says of whom an event is; from outside, and hostile. */
    NAME,
    /** A number that says of whom an event is. */
    ID,
    /** Any other number. */
    NUMBER,
    /** Words of the message, from anywhere. */
    TEXT,
    /** The same, if they say what an event is about: they are its key, but for numbers in them. */
    MATTER,
    /** Words that were made printable where they were made: to do it again would hide them. */
    LINE
  }

  private final Kind kind;

  Field(Kind kind) {
    this.kind = kind;
  }

  Kind kind() {
    return kind;
  }

  /** Returns its name, as in JSON. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns whether it stands before the message. */
  boolean stands() {
    return kind == Kind.NAME || kind == Kind.ID || kind == Kind.NUMBER;
  }
}

package dev.ect.spark.exchange;

/** What a frame carries. */
enum FrameKind {
  /** First of a connection: says who sends, carries nothing. */
  HELLO,
  /** A message of DL4J's parameter server, Java-serialised. */
  SERVER_MESSAGE,
  /** The bytes that travel with a gradient. */
  NOTE,
  /** As many data frames of a kind have been used up and may be followed by others. */
  CREDIT,
  /** The sender lives. */
  HEARTBEAT,
  /** The sender gives up; carries why. */
  ABORT,
  /** The sender leaves; says how many data frames it has sent. */
  LEAVE,
  /** All data frames of one that leaves have arrived. */
  LEAVE_SEEN,
  /** A rank's share of a piece of a vector. */
  PART,
  /** The sum of a piece of a vector. */
  SUM,
  /** Bytes for every rank. */
  GATHER;

  private static final FrameKind[] ALL = values();

  /** The kinds whose number under way is bounded by credits. */
  static final FrameKind[] DATA = {PART, SUM, GATHER};

  /** The kind with a code, or null. */
  static FrameKind of(int code) {
    return code >= 0 && code < ALL.length ? ALL[code] : null;
  }

  /** Its number on the wire. */
  @SuppressWarnings("EnumOrdinal") // Both ends run the same version: a run has one jar.
  int code() {
    return ordinal();
  }

  boolean isData() {
    return this == PART || this == SUM || this == GATHER;
  }
}

package dev.ect.spark.exchange;

/**
 * A frame to be sealed and sent.
 *
 * @param kind what it carries
 * @param round number of the exchange it belongs to
 * @param offset where the payload belongs; other things for other kinds
 * @param total bytes or frames of the whole, where the kind has such
 * @param payload released once sent
 * @param length bytes of the payload
 */
record OutgoingFrame(
    FrameKind kind, long round, long offset, int total, Payload payload, int length) {
  static OutgoingFrame of(FrameKind kind) {
    return new OutgoingFrame(kind, 0, 0, 0, Payload.EMPTY, 0);
  }

  static OutgoingFrame of(FrameKind kind, long round, byte[] bytes) {
    return new OutgoingFrame(kind, round, 0, 0, Payload.of(bytes), bytes.length);
  }
}

package dev.ect.spark.exchange;

/**
 * A frame whose tag and sequence number were right.
 *
 * @param kind what it carries
 * @param sender number of who sent it
 * @param sequence its number in its connection
 * @param round number of the exchange it belongs to
 * @param offset where the payload belongs; other things for other kinds
 * @param total bytes or frames of the whole, where the kind has such
 * @param payload at least {@code length} bytes
 * @param length bytes of the payload
 */
record IncomingFrame(
    FrameKind kind,
    long sender,
    long sequence,
    long round,
    long offset,
    int total,
    byte[] payload,
    int length) {
  IncomingFrame(byte[] header, byte[] payload) {
    this(
        FrameHeader.kind(header),
        FrameHeader.sender(header),
        FrameHeader.sequence(header),
        FrameHeader.round(header),
        FrameHeader.offset(header),
        FrameHeader.total(header),
        payload,
        FrameHeader.length(header));
  }
}

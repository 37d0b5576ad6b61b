package dev.ect.spark.plan;

import dev.ect.spark.exchange.ParameterServerNode;

/**
 * What one node sends to each of the others: pieces of so many bytes, in frames. The last frame has
 * what is left.
 *
 * @param bytes of a piece
 * @param frames of it
 */
record Pieces(double bytes, int frames) {
  /** A node's part of a vector. */
  static Pieces ofVector(long values, int executors) {
    return of((double) values * Float.BYTES / executors);
  }

  /** A message. */
  static Pieces of(double bytes) {
    return new Pieces(
        bytes, Math.max(1, (int) Math.ceil(bytes / ParameterServerNode.frameBytes())));
  }

  /** Bytes of a frame. */
  double frame(int number) {
    int most = ParameterServerNode.frameBytes();
    return number < frames - 1 ? most : bytes - (double) most * (frames - 1);
  }

  /** With the frames' headers. */
  double bytesWithHeaders() {
    return bytes + (double) frames * ParameterServerNode.headerBytes();
  }
}

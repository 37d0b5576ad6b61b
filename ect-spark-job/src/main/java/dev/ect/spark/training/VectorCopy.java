package dev.ect.spark.training;

import dev.ect.model.checkpoint.FloatSource;
import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;

/**
 * A vector's values at one moment, on the host. The memory is kept for the next moment. It is cut
 * into pieces, since the heap has room for many small arrays sooner than for one large one.
 */
final class VectorCopy implements FloatSource {
  private static final int PIECE = 1 << 22;

  private float[][] pieces = {};

  /** Takes the values of a vector, in place of those it had. */
  void copy(Tensor vector) {
    long size = vector.elements();
    int count = Math.toIntExact((size + PIECE - 1) / PIECE);
    if (pieces.length != count) {
      pieces = new float[count][];
    }
    for (int i = 0; i < count; i++) {
      long from = (long) i * PIECE;
      int length = (int) Math.min(PIECE, size - from);
      if (pieces[i] == null || pieces[i].length != length) {
        pieces[i] = new float[length];
      }
      vector.read(from, FloatBuffer.wrap(pieces[i]));
    }
  }

  @Override
  public void read(long offset, FloatBuffer into) {
    long at = offset;
    while (into.hasRemaining()) {
      float[] piece = pieces[(int) (at / PIECE)];
      int start = (int) (at % PIECE);
      int count = Math.min(piece.length - start, into.remaining());
      into.put(piece, start, count);
      at += count;
    }
  }

  /** Lets the memory go. */
  void free() {
    pieces = new float[0][];
  }
}

package dev.ect.model.checkpoint;

import java.io.Serializable;
import java.nio.FloatBuffer;

/**
 * A flat vector on the host, cut into pieces, since the heap has room for many small arrays sooner
 * than for one large one. 4 bytes per value.
 */
public final class FloatPieces implements FloatSource, FloatSink, Serializable {
  private static final long serialVersionUID = 1L;
  private static final int PIECE = 1 << 22;

  private final long size;
  private final float[][] pieces;

  /** Zeros. */
  public FloatPieces(long size) {
    this.size = size;
    pieces = new float[Math.toIntExact((size + PIECE - 1) / PIECE)][];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = new float[(int) Math.min(PIECE, size - (long) i * PIECE)];
    }
  }

  /** Number of values. */
  public long size() {
    return size;
  }

  /** Shows every piece in turn, to be read or filled: the offset of its first value, and it. */
  public void eachPiece(FloatSink visitor) {
    for (int i = 0; i < pieces.length; i++) {
      visitor.write((long) i * PIECE, FloatBuffer.wrap(pieces[i]));
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

  @Override
  public void write(long offset, FloatBuffer values) {
    long at = offset;
    while (values.hasRemaining()) {
      float[] piece = pieces[(int) (at / PIECE)];
      int start = (int) (at % PIECE);
      int count = Math.min(piece.length - start, values.remaining());
      values.get(piece, start, count);
      at += count;
    }
  }
}

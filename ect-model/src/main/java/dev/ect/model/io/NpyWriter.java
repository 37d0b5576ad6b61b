package dev.ect.model.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Writes a .npy file: version 1, little-endian, row-major. */
final class NpyWriter {
  private final OutputStream out;
  private final byte[] bytes = new byte[1 << 16];
  private final ByteBuffer piece = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);

  private NpyWriter(OutputStream out) {
    this.out = out;
  }

  static void write(NpyArray array, OutputStream out) throws IOException {
    NpyWriter writer = new NpyWriter(out);
    if (array instanceof NpyArray.Doubles doubles) {
      writer.header("<f8", array.shape());
      for (double value : doubles.values()) {
        writer.next(Double.BYTES).putDouble(value);
      }
    } else if (array instanceof NpyArray.Longs longs) {
      writer.header("<i8", array.shape());
      for (long value : longs.values()) {
        writer.next(Long.BYTES).putLong(value);
      }
    } else if (array instanceof NpyArray.Texts texts) {
      writer.texts(texts);
    }
    writer.flush();
  }

  private void texts(NpyArray.Texts texts) throws IOException {
    List<int[]> points = texts.values().stream().map(text -> text.codePoints().toArray()).toList();
    int width = points.stream().mapToInt(text -> text.length).reduce(1, Math::max);
    header("<U" + width, texts.shape());
    for (int[] text : points) {
      for (int i = 0; i < width; i++) {
        next(Integer.BYTES).putInt(i < text.length ? text[i] : 0);
      }
    }
  }

  private void header(String type, List<Integer> shape) throws IOException {
    out.write(new NpyHeader(type, false, shape).bytes());
  }

  private ByteBuffer next(int width) throws IOException {
    if (piece.remaining() < width) {
      flush();
    }
    return piece;
  }

  private void flush() throws IOException {
    out.write(bytes, 0, piece.position());
    piece.clear();
  }
}

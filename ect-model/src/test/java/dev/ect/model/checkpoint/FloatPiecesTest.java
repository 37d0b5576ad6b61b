package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FloatPiecesTest {
  /** More than one piece, the last one not full. */
  private static final int SIZE = (1 << 22) + 5;

  @Test
  void readsWhatWasWrittenAcrossPieces() {
    FloatPieces vector = new FloatPieces(SIZE);
    int from = (1 << 22) - 3;
    vector.write(from, FloatBuffer.wrap(new float[] {1, 2, 3, 4, 5, 6}));
    FloatBuffer read = FloatBuffer.allocate(8);
    vector.read(from - 1, read);
    assertEquals(FloatBuffer.wrap(new float[] {0, 1, 2, 3, 4, 5, 6, 0}), read.flip());
  }

  @Test
  void showsEveryPieceToBeFilled() {
    FloatPieces vector = new FloatPieces(SIZE);
    List<Long> offsets = new ArrayList<>();
    vector.eachPiece(
        (offset, piece) -> {
          offsets.add(offset);
          while (piece.hasRemaining()) {
            piece.put((float) (offset + piece.position()));
          }
        });
    assertEquals(List.of(0L, 1L << 22), offsets);
    FloatBuffer last = FloatBuffer.allocate(1);
    vector.read(SIZE - 1, last);
    assertEquals(SIZE - 1f, last.get(0));
    assertEquals(SIZE, vector.size());
  }
}

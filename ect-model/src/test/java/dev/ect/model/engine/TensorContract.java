package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

/** Making, reading, sharing and freeing tensors. */
interface TensorContract extends EngineContract {
  private static float[] counting(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = i + 1;
    }
    return values;
  }

  @Test
  default void aTensorHoldsTheValuesGiven() {
    float[] values = counting(24);
    values[3] = Float.NaN;
    values[4] = Float.NEGATIVE_INFINITY;
    values[5] = Float.MIN_NORMAL;
    values[6] = Float.MAX_VALUE;
    try (Tensor t = engine().create(values, 2, 3, 1, 4);
        Tensor zeros = engine().zeros(3, 5)) {
      assertArrayEquals(new long[] {2, 3, 1, 4}, t.shape());
      assertArrayEquals(values, t.toArray());
      assertArrayEquals(new float[15], zeros.toArray());
    }
  }

  @Test
  default void valuesComeFromAnyBuffer() {
    FloatBuffer direct =
        ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder()).asFloatBuffer();
    direct.put(counting(6)).position(2);
    FloatBuffer part = FloatBuffer.wrap(counting(9), 3, 4);
    try (Tensor a = engine().create(direct, 2, 2);
        Tensor b = engine().create(part.slice(), 4);
        Tensor c = engine().create(part.asReadOnlyBuffer(), 4)) {
      assertArrayEquals(new float[] {3, 4, 5, 6}, a.toArray());
      assertArrayEquals(new float[] {4, 5, 6, 7}, b.toArray());
      assertArrayEquals(new float[] {4, 5, 6, 7}, c.toArray());
      FloatBuffer out = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).asFloatBuffer();
      b.read(2, out);
      assertEquals(0, out.remaining());
      assertArrayEquals(new float[] {6, 7}, new float[] {out.get(0), out.get(1)});
    }
  }

  @Test
  default void aWrongNumberOfValuesIsRefused() {
    for (int n : new int[] {0, 5, 7}) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> engine().create(counting(n), 2, 3).close());
      assertTrue(e.getMessage().contains("[2, 3]"), e.getMessage());
      assertTrue(e.getMessage().contains(n + " values"), e.getMessage());
    }
  }

  @Test
  default void aPartIsReadAndWritten() {
    try (Tensor t = engine().create(counting(12), 3, 4)) {
      float[] part = new float[7];
      FloatBuffer destination = FloatBuffer.wrap(part, 1, 5);
      t.read(4, destination);
      assertArrayEquals(new float[] {0, 5, 6, 7, 8, 9, 0}, part);
      assertEquals(6, destination.position());
      FloatBuffer source = FloatBuffer.wrap(new float[] {-1, -2, -3, -4}, 1, 3);
      t.write(9, source);
      assertEquals(4, source.position());
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, -2, -3, -4}, t.toArray());
      t.read(12, FloatBuffer.allocate(0));
    }
  }

  @Test
  default void rangesBeyondATensorAreRefused() {
    try (Tensor t = engine().create(counting(6), 2, 3)) {
      for (long[] range : new long[][] {{-1, 1}, {0, 7}, {5, 2}, {7, 0}}) {
        FloatBuffer buffer = FloatBuffer.allocate((int) range[1]);
        assertThrows(IndexOutOfBoundsException.class, () -> t.read(range[0], buffer));
        assertThrows(IndexOutOfBoundsException.class, () -> t.write(range[0], buffer));
      }
      assertArrayEquals(counting(6), t.toArray());
    }
  }

  @Test
  default void rowsAreCopied() {
    try (Tensor x = engine().create(counting(12), 3, 2, 1, 2);
        Tensor rows = engine().rows(x, 2, 0, 2, 1);
        Tensor matrix = engine().create(counting(6), 3, 2);
        Tensor last = engine().rows(matrix, 2)) {
      assertArrayEquals(new long[] {4, 2, 1, 2}, rows.shape());
      assertArrayEquals(
          new float[] {9, 10, 11, 12, 1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8}, rows.toArray());
      assertArrayEquals(new float[] {5, 6}, last.toArray());
      engine().clear(x);
      assertEquals(9, rows.toArray()[0]);
      engine().clear(rows);
      engine().clear(last);
      assertArrayEquals(counting(6), matrix.toArray());
      for (int row : new int[] {-1, 3}) {
        assertThrows(IllegalArgumentException.class, () -> engine().rows(matrix, 0, row).close());
      }
    }
  }

  @Test
  default void aViewSharesItsPartOfAVector() {
    try (Tensor vector = engine().create(counting(20), 20);
        Tensor view = engine().view(vector, 5, 3, 2, 1, 1);
        Tensor end = engine().view(vector, 18, 2)) {
      assertArrayEquals(new long[] {3, 2, 1, 1}, view.shape());
      assertArrayEquals(new float[] {6, 7, 8, 9, 10, 11}, view.toArray());
      assertArrayEquals(new float[] {19, 20}, end.toArray());
      view.write(1, FloatBuffer.wrap(new float[] {-1}));
      engine().clear(end);
      float[] expected = counting(20);
      expected[6] = -1;
      expected[18] = 0;
      expected[19] = 0;
      assertArrayEquals(expected, vector.toArray());
      vector.write(9, FloatBuffer.wrap(new float[] {70}));
      assertEquals(70, view.toArray()[4]);
      for (long[] wrong : new long[][] {{-1, 2}, {19, 2}, {0, 21}}) {
        IllegalArgumentException e =
            assertThrows(
                IllegalArgumentException.class,
                () -> engine().view(vector, wrong[0], wrong[1]).close());
        assertTrue(e.getMessage().contains("20"), e.getMessage());
      }
    }
  }

  @Test
  default void aViewKeepsItsVectorAlive() {
    Tensor vector = engine().create(counting(1000), 1000);
    Tensor view = engine().view(vector, 500, 10, 50);
    vector.close();
    try (Tensor other = engine().zeros(1000)) {
      assertEquals(501, view.toArray()[0]);
      assertEquals(0, other.toArray()[0]);
    }
    view.close();
    assertTrue(vector.isClosed());
    assertEquals(0, engine().openTensors());
  }

  @Test
  default void theLastOwnerFrees() {
    Tensor t = engine().create(counting(4), 4);
    assertEquals(1, engine().openTensors());
    t.retain();
    t.close();
    assertEquals(1, engine().openTensors());
    assertArrayEquals(counting(4), t.toArray());
    t.close();
    assertEquals(0, engine().openTensors());
    t.close();
    assertEquals(0, engine().openTensors(), "closing twice is harmless");
    assertThrows(IllegalStateException.class, t::retain);
    assertThrows(IllegalStateException.class, t::toArray);
    assertThrows(IllegalStateException.class, () -> t.write(0, FloatBuffer.allocate(1)));
  }

  @Test
  default void kernelsReturnTensorsOfTheirOwn() {
    try (Tensor x = engine().create(counting(4), 1, 1, 2, 2);
        Tensor same = engine().scale(x, 1);
        Tensor all = engine().sliceChannels(x, 0, 1);
        Tensor rows = engine().rows(x, 0)) {
      for (Tensor copy : new Tensor[] {same, all, rows}) {
        assertNotSame(x, copy);
        assertFalse(copy.isShared());
        engine().clear(copy);
        assertArrayEquals(counting(4), x.toArray());
      }
    }
  }

  @Test
  default void anEngineClosesTwice() {
    Engine other = fresh();
    other.close();
    other.close();
    try (Tensor t = engine().create(counting(2), 2)) {
      assertArrayEquals(counting(2), t.toArray(), "another engine's end does not matter");
    }
  }

  @Test
  default void anEngineSaysWhatItIs() {
    assertEquals(Precision.FLOAT32, engine().precision());
    assertFalse(engine().name().isBlank());
    assertFalse(engine().device().isBlank());
  }
}

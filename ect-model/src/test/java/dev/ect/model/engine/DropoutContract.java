package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Masks have the same bits on every engine, whatever the batch; see also DropoutMaskTest. */
interface DropoutContract extends EngineContract {
  /** Keys with every half zero, small, large and negative. */
  private static long[] keys() {
    return new long[] {
      0, 1, -1, 0x80000000L, 1L << 32, 1L << 63, 0x123456789ABCDEFL, -0x123456789ABCDEFL
    };
  }

  @Test
  default void masksAreThoseOfTheDefinition() {
    long[] keys = keys();
    for (double p : new double[] {0, 0.1, 0.2, 0.5, 0.999}) {
      for (long[] image : new long[][] {{1, 1, 1}, {3, 5, 7}, {16, 8, 8}}) {
        long[] shape = {keys.length, image[0], image[1], image[2]};
        int length = (int) (image[0] * image[1] * image[2]);
        try (Tensor mask = engine().dropoutMask(p, keys, shape)) {
          assertArrayEquals(shape, mask.shape());
          assertArrayEquals(DropoutMask.of(keys, p, length).array(), mask.toArray(), "p " + p);
        }
      }
    }
  }

  @Test
  default void anImagesMaskDoesNotDependOnItsBatch() {
    try (Tensor alone = engine().dropoutMask(0.3, new long[] {77}, 1, 6, 5, 4);
        Tensor batch = engine().dropoutMask(0.3, new long[] {5, 77, 9}, 3, 6, 5, 4)) {
      assertArrayEquals(alone.toArray(), Arrays.copyOfRange(batch.toArray(), 120, 240));
    }
  }

  @Test
  default void masksDoNotChangeTheirKeys() {
    long[] keys = keys();
    engine().dropoutMask(0.5, keys, keys.length, 2, 2, 2).close();
    assertArrayEquals(keys(), keys);
  }

  @Test
  default void masksOfWrongArgumentsAreRefused() {
    for (double p : new double[] {-0.1, 1, Double.NaN}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> engine().dropoutMask(p, new long[] {1}, 1, 2, 2, 2).close());
    }
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> engine().dropoutMask(0.5, new long[] {1}, 2, 3, 4, 5).close());
    assertEquals(
        "dropoutMask: 1 keys for shape [2, 3, 4, 5]; expected one per image", e.getMessage());
  }
}

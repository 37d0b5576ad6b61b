package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AugmentationTest {
  @Test
  void identityReturnsTheImageItself() {
    float[] image = noise(3 * 5 * 7);
    assertSame(image, Augmentation.apply(image, 3, 5, 7, AugmentationDraw.IDENTITY));
  }

  @Test
  void flipsMirrorExactlyAndLeaveTheInputAlone() {
    float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float[] before = image.clone();
    assertArrayEquals(
        new float[] {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10},
        Augmentation.apply(image, 2, 2, 3, flips(true, false)));
    assertArrayEquals(
        new float[] {4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9},
        Augmentation.apply(image, 2, 2, 3, flips(false, true)));
    assertArrayEquals(
        new float[] {6, 5, 4, 3, 2, 1, 12, 11, 10, 9, 8, 7},
        Augmentation.apply(image, 2, 2, 3, flips(true, true)));
    assertArrayEquals(before, image);
  }

  @ParameterizedTest
  @CsvSource({"16, 24", "24, 16", "9, 32"})
  void translationMovesToTheRightAndDownByEighthsOfTheSize(int height, int width) {
    // 8/width of the translation's unit is one pixel.
    float[] image = smooth(height, width, 0, 0);
    AugmentationDraw draw =
        new AugmentationDraw(false, false, 0, 0, 0, 0, 2 * 8.0 / width, 8.0 / height);
    float[] expected = smooth(height, width, 2, 1);
    float[] actual = Augmentation.apply(image, 1, height, width, draw);
    for (int y = 6; y < height - 6; y++) {
      for (int x = 6; x < width - 6; x++) {
        assertEquals(expected[y * width + x], actual[y * width + x], 0.01, y + ", " + x);
      }
    }
  }

  @Test
  void halfATurnOfANonSquareImageIsBothFlips() {
    float[] image = smooth(12, 20, 0, 0);
    float[] expected = Augmentation.apply(image, 1, 12, 20, flips(true, true));
    AugmentationDraw turn = new AugmentationDraw(false, false, 0, Math.PI, 0, 0, 0, 0);
    assertArrayEquals(expected, Augmentation.apply(image, 1, 12, 20, turn), 0.08f);
  }

  @Test
  void anisotropicScalingUndoesTheIsotropicOneAcrossItsDirection() {
    // Along the direction the factors multiply to 4, across it to 1: an image that only changes
    // across is left alone.
    float[] image = new float[32 * 32];
    for (int i = 0; i < image.length; i++) {
      image[i] = (float) Math.cos(0.3 * Math.floorDiv(i, 32));
    }
    AugmentationDraw draw = new AugmentationDraw(false, false, 5, 0, 5, 0, 0, 0);
    assertArrayEquals(image, Augmentation.apply(image, 1, 32, 32, draw), 0.02f);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 9", "2, 2", "3, 17"})
  void constantImagesStayConstantAtAnySize(int height, int width) {
    float[] image = new float[height * width];
    Arrays.fill(image, 0.5f);
    AugmentationDraw draw = new AugmentationDraw(false, true, 1, 0, -0.5, 0.3, 0, 0);
    float[] out = Augmentation.apply(image, 1, height, width, draw);
    assertEquals(image.length, out.length);
    int middle = (height / 2) * width + width / 2;
    if (Math.min(height, width) > 2) {
      assertEquals(0.5, out[middle], 0.1);
    }
    for (float value : out) {
      assertTrue(Float.isFinite(value));
    }
  }

  @Test
  void channelsAreTransformedAlike() {
    float[] plane = noise(16 * 16);
    float[] image = new float[3 * plane.length];
    for (int c = 0; c < 3; c++) {
      System.arraycopy(plane, 0, image, c * plane.length, plane.length);
    }
    AugmentationDraw draw = AugmentationDraw.of(1, 0, 3, 1);
    float[] once = Augmentation.apply(plane, 1, 16, 16, draw);
    float[] thrice = Augmentation.apply(image, 3, 16, 16, draw);
    for (int i = 0; i < thrice.length; i++) {
      assertEquals(once[i % once.length], thrice[i]);
    }
  }

  @Test
  void refusesAnImageOfAnotherLength() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> Augmentation.apply(new float[8], 3, 2, 2, AugmentationDraw.IDENTITY))
            .getMessage();
    assertEquals("image of 8 values; expected [3,2,2]", message);
  }

  private static AugmentationDraw flips(boolean x, boolean y) {
    return new AugmentationDraw(x, y, 0, 0, 0, 0, 0, 0);
  }

  private static float[] noise(int count) {
    return new Philox(1, Purpose.SYNTHESIS, 0, 0).gaussians(count);
  }

  /** Two waves, moved to the right and down by pixels. */
  private static float[] smooth(int height, int width, int right, int down) {
    float[] image = new float[height * width];
    for (int i = 0; i < image.length; i++) {
      int x = (i % width) - right;
      int y = (i / width) - down;
      image[i] = (float) (Math.sin(0.3 * x) + Math.cos(0.4 * y));
    }
    return image;
  }
}

package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.Goldens;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Augmented images and their labels are those of the PyTorch implementation. */
final class AugmentationGoldenTest {
  private static final double TOLERANCE = 5e-5;

  static Stream<Goldens> goldens() {
    return Goldens.all("augment").stream();
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void imagesAndLabelsAreThoseOfPyTorch(Goldens golden) {
    assertEquals(0.2, golden.number("scale_std"), "the only deviation there is");
    assertEquals(0.2, golden.number("aniso_std"), "the only deviation there is");
    assertEquals(0.125, golden.number("translate_frac_std"), "the only deviation there is");
    long[] shape = golden.shape("in.images");
    int count = (int) shape[0];
    int channels = (int) shape[1];
    int height = (int) shape[2];
    int width = (int) shape[3];
    int size = channels * height * width;
    float[] in = golden.floats("in.images");
    float[] images = golden.floats("out.images");
    float[] labels = golden.floats("out.labels");
    float[] translations = golden.floats("draw.translate_frac");
    for (int i = 0; i < count; i++) {
      AugmentationDraw draw =
          new AugmentationDraw(
              golden.floats("draw.xflip")[i] == 1,
              golden.floats("draw.yflip")[i] == 1,
              golden.floats("draw.scale")[i],
              golden.floats("draw.rotate_frac")[i],
              golden.floats("draw.aniso")[i],
              golden.floats("draw.aniso_rotation")[i],
              translations[i],
              translations[count + i]);
      float[] image = Arrays.copyOfRange(in, i * size, (i + 1) * size);
      Goldens.assertClose(
          "image " + i,
          Arrays.copyOfRange(images, i * size, (i + 1) * size),
          Augmentation.apply(image, channels, height, width, draw),
          TOLERANCE);
      Goldens.assertClose(
          "labels " + i,
          Arrays.copyOfRange(
              labels, i * AugmentationDraw.LABELS, (i + 1) * AugmentationDraw.LABELS),
          draw.labels(),
          1e-6);
    }
  }
}

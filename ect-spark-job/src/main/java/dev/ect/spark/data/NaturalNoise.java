package dev.ect.spark.data;

import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Label;
import dev.ect.model.dataset.PngEncoder;
import dev.ect.model.io.Store;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.io.IOException;

/**
 * Images whose spectrum falls as that of photographs: noise on grids, each twice as fine and half
 * as strong as the one before, and a little of its own in every sample. As compressed PNGs of 32x32
 * RGB they take 2.0 to 2.5 kB.
 */
final class NaturalNoise {
  private static final double AMPLITUDE = 60;
  private static final double GRAIN = 2;
  private static final int CLASSES = 10;

  private NaturalNoise() {}

  /** Writes a labelled dataset of compressed PNGs. */
  static void write(Store store, String path, ImageShape shape, int count) throws IOException {
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          for (int i = 0; i < count; i++) {
            byte[] png = PngEncoder.compressed(shape, image(shape, i));
            writer.addPng(i, png, new Label.OfClass(i % CLASSES));
          }
        });
  }

  private static byte[] image(ImageShape shape, int number) {
    Philox random = new Philox(0, Purpose.SYNTHESIS, 0, number);
    int width = shape.width();
    double[] light = new double[shape.height() * width];
    double amplitude = AMPLITUDE;
    for (int cells = 2; cells <= width; cells *= 2) {
      float[] grid = random.gaussians((cells + 1) * (cells + 1));
      for (int i = 0; i < light.length; i++) {
        light[i] += amplitude * at(grid, cells, i % width, i / width, width);
      }
      amplitude /= 2;
    }
    byte[] pixels = new byte[shape.size()];
    for (int i = 0; i < pixels.length; i++) {
      // Channels of photographs differ little.
      int channel = i / light.length;
      double tint = 1 - 0.15 * channel;
      double value = 128 + tint * light[i % light.length] + GRAIN * random.nextGaussian();
      pixels[i] = (byte) Math.round(Math.max(0, Math.min(255, value)));
    }
    return pixels;
  }

  /** Bilinear interpolation on a square grid. */
  private static double at(float[] grid, int cells, int column, int row, int width) {
    double x = (double) column * cells / width;
    double y = (double) row * cells / width;
    int left = (int) x;
    int top = (int) y;
    double fx = x - left;
    double fy = y - top;
    int corner = top * (cells + 1) + left;
    double upper = (1 - fx) * grid[corner] + fx * grid[corner + 1];
    double lower = (1 - fx) * grid[corner + cells + 1] + fx * grid[corner + cells + 2];
    return (1 - fy) * upper + fy * lower;
  }
}

package dev.ect.model.sampling;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.PngEncoder;
import dev.ect.model.io.Store;
import java.io.IOException;

/** Many images in one PNG, row by row. */
public final class ImageGrid {
  private ImageGrid() {}

  /**
   * Writes a grid.
   *
   * @param images [N][C,H,W]; places after the last one stay black
   * @param columns images per row
   * @param scale each pixel becomes a square of this many pixels, at least 1
   */
  public static void write(
      Store store, String path, byte[][] images, ImageShape shape, int columns, int scale)
      throws IOException {
    byte[] png = png(images, shape, columns, scale);
    store.write(path, out -> out.write(png));
  }

  /** The grid as the bytes of a PNG file. */
  static byte[] png(byte[][] images, ImageShape shape, int columns, int scale) {
    if (images.length == 0 || columns < 1 || scale < 1) {
      throw new IllegalArgumentException(
          "grid of "
              + images.length
              + " images in "
              + columns
              + " columns, scale "
              + scale
              + "; expected at least 1 of each");
    }
    int rows = (images.length - 1) / columns + 1;
    ImageShape grid =
        new ImageShape(
            shape.channels(),
            Math.multiplyExact(Math.multiplyExact(rows, shape.height()), scale),
            Math.multiplyExact(Math.multiplyExact(columns, shape.width()), scale));
    byte[] pixels = new byte[grid.size()];
    for (int n = 0; n < images.length; n++) {
      if (images[n].length != shape.size()) {
        throw new IllegalArgumentException(
            "image "
                + n
                + " has "
                + images[n].length
                + " bytes; expected "
                + shape.size()
                + " for "
                + shape);
      }
      int top = n / columns * shape.height() * scale;
      int left = n % columns * shape.width() * scale;
      for (int channel = 0; channel < shape.channels(); channel++) {
        for (int y = 0; y < shape.height() * scale; y++) {
          int to = (channel * grid.height() + top + y) * grid.width() + left;
          int from = (channel * shape.height() + y / scale) * shape.width();
          for (int x = 0; x < shape.width() * scale; x++) {
            pixels[to + x] = images[n][from + x / scale];
          }
        }
      }
    }
    return PngEncoder.compressed(grid, pixels);
  }
}

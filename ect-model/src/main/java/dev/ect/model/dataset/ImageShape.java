package dev.ect.model.dataset;

import java.io.Serializable;

/**
 * Size of an image, whose bytes are ordered [C,H,W].
 *
 * @param channels 1 (grey) or 3 (RGB)
 * @param height rows
 * @param width columns
 */
public record ImageShape(int channels, int height, int width) implements Serializable {
  private static final long serialVersionUID = 1;

  public ImageShape {
    if ((channels != 1 && channels != 3) || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "image of "
              + channels
              + " channels, "
              + height
              + "x"
              + width
              + "; expected 1 or 3 channels and at least one pixel");
    }
    Math.multiplyExact(channels, Math.multiplyExact(height, width));
  }

  /** A square image. */
  public static ImageShape square(int channels, int resolution) {
    return new ImageShape(channels, resolution, resolution);
  }

  /** Number of bytes. */
  public int size() {
    return channels * height * width;
  }

  @Override
  public String toString() {
    return height + "x" + width + (channels == 1 ? " grey" : " RGB");
  }
}

package dev.ect.model.dataset;

/**
 * Applies the transforms of EDM's augmentation (Karras et al. 2022, arXiv 2206.00364, appendix F.2;
 * the resampling is that of Karras et al. 2020, arXiv 2006.06676, appendix B): mirroring, then one
 * affine map that samples bilinearly between upsampling by 2 and downsampling by 2 with the sym6
 * wavelet's low-pass filter. What lies outside the image is its reflection.
 */
public final class Augmentation {
  private static final double SCALE_STD = 0.2;
  private static final double TRANSLATE_STD = 0.125;

  private Augmentation() {}

  /**
   * Transforms one image.
   *
   * @param image [channels,height,width]; not changed
   * @param channels at least 1
   * @param height at least 1
   * @param width at least 1
   * @return [channels,height,width]; the image itself where the draw is the identity
   * @throws IllegalArgumentException if the image's length is not that of its axes
   */
  public static float[] apply(
      float[] image, int channels, int height, int width, AugmentationDraw draw) {
    if (channels < 1
        || height < 1
        || width < 1
        || image.length != (long) channels * height * width) {
      throw new IllegalArgumentException(
          "image of "
              + image.length
              + " values; expected ["
              + channels
              + ","
              + height
              + ","
              + width
              + "]");
    }
    float[] out = image;
    if (draw.xflip() || draw.yflip()) {
      out = mirror(image, channels * height, height, width, draw);
    }
    if (draw.isGeometric()) {
      out = new AffineResampler(channels, height, width).apply(out, inverse(draw, height, width));
    }
    return out;
  }

  private static float[] mirror(
      float[] image, int rows, int height, int width, AugmentationDraw draw) {
    float[] out = new float[image.length];
    for (int row = 0; row < rows; row++) {
      int y = row % height;
      int from = (draw.yflip() ? row - y + height - 1 - y : row) * width;
      int to = row * width;
      if (draw.xflip()) {
        for (int x = 0; x < width; x++) {
          out[to + x] = image[from + width - 1 - x];
        }
      } else {
        System.arraycopy(image, from, out, to, width);
      }
    }
    return out;
  }

  /** From places in the output to places in the input, in pixels from the image's centre. */
  private static Affine inverse(AugmentationDraw draw, int height, int width) {
    Affine map = Affine.IDENTITY;
    if (draw.scale() != 0) {
      double factor = Math.pow(2, -SCALE_STD * draw.scale());
      map = Affine.scale(factor, factor);
    }
    if (draw.rotation() != 0) {
      map = map.after(Affine.rotate(draw.rotation()));
    }
    if (draw.aniso() != 0) {
      double factor = Math.pow(2, SCALE_STD * draw.aniso());
      map =
          map.after(Affine.rotate(-draw.anisoRotation()))
              .after(Affine.scale(1 / factor, factor))
              .after(Affine.rotate(draw.anisoRotation()));
    }
    return map.after(
        Affine.translate(
            -TRANSLATE_STD * width * draw.translateX(),
            -TRANSLATE_STD * height * draw.translateY()));
  }
}

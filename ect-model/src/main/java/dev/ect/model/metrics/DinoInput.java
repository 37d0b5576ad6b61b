package dev.ect.model.metrics;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.PillowResize;
import dev.ect.model.dataset.ResizeFilter;

/**
 * What DINOv2 is given, so that FD-DINOv2 can be compared with published numbers (Stein et al.,
 * arXiv 2306.04675): images in 8 bits, resized with Pillow's bicubic filter in 8 bits, divided by
 * 255, and normalised with the channels' means and deviations over ImageNet.
 */
final class DinoInput {
  /** Rows and columns. */
  static final int SIZE = 224;

  private static final int CHANNELS = 3;
  private static final int LEVELS = 256;
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};

  private final PillowResize resize;

  /** The value of every byte, per channel. */
  private final float[][] values = new float[CHANNELS][LEVELS];

  DinoInput(ImageShape shape) {
    resize = new PillowResize(shape, SIZE, SIZE, ResizeFilter.BICUBIC);
    for (int channel = 0; channel < CHANNELS; channel++) {
      for (int level = 0; level < LEVELS; level++) {
        values[channel][level] = (level / (LEVELS - 1f) - MEAN[channel]) / DEVIATION[channel];
      }
    }
  }

  /**
   * @param images [N][C,H,W], grey ones repeated to three channels
   * @return [N,3,224,224]
   */
  float[] of(byte[][] images) {
    int plane = SIZE * SIZE;
    float[] input = new float[Math.multiplyExact(images.length, CHANNELS * plane)];
    int to = 0;
    for (byte[] image : images) {
      byte[] resized = resize.resize(image);
      for (int channel = 0; channel < CHANNELS; channel++) {
        int from = resize.shape().channels() == 1 ? 0 : channel * plane;
        for (int i = 0; i < plane; i++) {
          input[to++] = values[channel][resized[from + i] & (LEVELS - 1)];
        }
      }
    }
    return input;
  }
}

package dev.ect.model.tuning;

import dev.ect.model.network.Conditioning;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.Arrays;

/**
 * Training images with the random draws that belong to them. Everything random comes in from
 * outside, so that recorded draws and a running job feed the same code.
 *
 * @param images {@code [N, C, H, W]} row-major, in [-1, 1]
 * @param conditioning labels, after label dropout
 * @param positions each image's position in the global batch
 * @param normal one standard normal draw per image, which decides its noise level
 * @param eps standard normal noise of the images' shape
 */
public record Batch(
    float[] images, Conditioning conditioning, long[] positions, float[] normal, float[] eps) {
  /** The number of images, N. */
  public int size() {
    return positions.length;
  }

  /**
   * A batch whose draws are Philox's for the given run and step.
   *
   * @param seed the run's seed
   * @param step optimiser step, from 0
   */
  public static Batch draw(
      float[] images, Conditioning conditioning, long[] positions, long seed, long step) {
    int imageSize = images.length / positions.length;
    float[] normal = new float[positions.length];
    float[] eps = new float[images.length];
    for (int i = 0; i < positions.length; i++) {
      normal[i] = draw(seed, step, positions[i], eps, i * imageSize, imageSize);
    }
    return new Batch(images, conditioning, positions, normal, eps);
  }

  /**
   * The draws of one image.
   *
   * @param eps receives the image's noise, {@code count} values from {@code at}
   * @return the draw that decides the noise level
   */
  public static float draw(long seed, long step, long position, float[] eps, int at, int count) {
    Philox noise = new Philox(seed, Purpose.NOISE, step, position);
    float normal = (float) noise.nextGaussian();
    for (int i = at; i < at + count; i++) {
      eps[i] = (float) noise.nextGaussian();
    }
    return normal;
  }

  /** Images {@code from} (inclusive) to {@code to} (exclusive), for gradient accumulation. */
  public Batch slice(int from, int to) {
    int imageSize = images.length / size();
    int[] rows = new int[to - from];
    Arrays.setAll(rows, i -> from + i);
    return new Batch(
        Arrays.copyOfRange(images, from * imageSize, to * imageSize),
        conditioning.rows(rows),
        Arrays.copyOfRange(positions, from, to),
        Arrays.copyOfRange(normal, from, to),
        Arrays.copyOfRange(eps, from * imageSize, to * imageSize));
  }
}

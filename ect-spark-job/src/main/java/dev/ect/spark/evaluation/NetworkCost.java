package dev.ect.spark.evaluation;

import dev.ect.model.network.Network;
import dev.ect.model.network.ParameterLayout;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What evaluating a network costs for one image, counted from the shapes of its convolutions; the
 * rest is less than a hundredth.
 *
 * @param forwardFlops floating-point operations of a forward pass, two per multiplication
 * @param activations values that a forward pass makes in its convolutions
 */
public record NetworkCost(double forwardFlops, double activations) {
  /** Float values kept for the backward pass per value that a convolution makes; measured. */
  private static final double KEPT = 3;

  private static final int BYTES = Float.BYTES;

  /** Weights, EMA, two moments, gradient; further moving averages come on top. */
  private static final int VECTORS = 5;

  private static final Pattern RESOLUTION = Pattern.compile("\\.(\\d+)x\\d+_");

  /** Counts a network. */
  public static NetworkCost of(Network network) {
    double flops = 0;
    double activations = 0;
    for (ParameterLayout.Entry e : network.parameters().entries()) {
      if (e.shape().length != 4) {
        continue;
      }
      double side = resolution(e.name(), network.spec().imgResolution());
      double pixels = side * side;
      flops += 2.0 * e.elements() * pixels;
      activations += e.shape()[0] * pixels;
      if (e.name().contains(".qkv.")) {
        // q^T k and the weighted sum of v: two products of [pixels, C] and [pixels, pixels].
        flops += 4.0 * pixels * pixels * e.shape()[1];
        activations += pixels * pixels;
      }
    }
    return new NetworkCost(flops, activations);
  }

  /** The resolution at which a convolution computes stands in its block's name. */
  static int resolution(String name, int full) {
    Matcher m = RESOLUTION.matcher(name);
    if (!m.find()) {
      return full;
    }
    // The residual input of ncsnpp is convolved before it is halved.
    int side = Integer.parseInt(m.group(1));
    return name.contains("aux_residual") ? 2 * side : side;
  }

  /**
   * Floating-point operations of a tuning step: the student's forward and backward pass and the
   * teacher's forward pass.
   *
   * @param students images in the step
   * @param teachers images of those that the teacher sees (r above 0)
   */
  public double stepFlops(long students, long teachers) {
    return forwardFlops * (3.0 * students + teachers);
  }

  /**
   * Memory of a replica in bytes, roughly: five vectors of the parameters, one more for each
   * further moving average, and what the backward pass needs.
   *
   * @param parameters of the network
   * @param emas further moving averages of the weights
   * @param round images per round
   */
  public double trainingBytes(long parameters, int emas, int round) {
    return BYTES * ((double) (VECTORS + emas) * parameters + KEPT * activations * round);
  }
}

package dev.ect.model.engine.nd4j;

import java.nio.FloatBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Halving and doubling of images. The general case multiplies rows and columns with a small matrix:
 * the filter is separable, and ND4J's depthwise and transposed convolutions are many times slower.
 * Two taps without padding are plain averaging and repetition.
 */
final class Nd4jResampling {
  private final Nd4jEngine engine;
  private final Nd4jScratch scratch;
  private final double[] filter;
  private final int padding;
  private final double gain;

  Nd4jResampling(
      Nd4jEngine engine, Nd4jScratch scratch, double[] filter, int padding, double gain) {
    this.engine = engine;
    this.scratch = scratch;
    this.filter = filter;
    this.padding = padding;
    this.gain = gain;
  }

  Nd4jTensor downsample(Nd4jTensor x, long[] shape) {
    Nd4jTensor y = engine.uninitialized(shape);
    if (isBox()) {
      long planes = x.size(0) * x.size(1);
      Nd4jOps.exec(
          "avgpool2d",
          Nd4jOps.list(x.as(1, planes, x.size(2), x.size(3))),
          Nd4jOps.list(y.as(1, planes, shape[2], shape[3])),
          2,
          2,
          2,
          2,
          0,
          0,
          1,
          1,
          0,
          0,
          0);
      scale(y, gain);
    } else {
      resample(x, y, false);
    }
    return y;
  }

  Nd4jTensor upsample(Nd4jTensor x, long[] shape) {
    Nd4jTensor y = engine.uninitialized(shape);
    if (isBox()) {
      INDArray rows = x.as(x.elements() / x.size(3), 1, x.size(3), 1);
      INDArray quad = engine.memory().ones(4).reshape(1, 2, 1, 2);
      Nd4jOps.multiply(rows, quad, y.as(x.elements() / x.size(3), 2, x.size(3), 2));
      scale(y, gain / 4);
    } else {
      resample(x, y, true);
    }
    return y;
  }

  private boolean isBox() {
    return padding == 0 && filter.length == 2 && filter[0] == filter[1];
  }

  private static void scale(Nd4jTensor y, double factor) {
    if (factor != 1) {
      y.flat().muli(factor);
    }
  }

  /** {@code Y = R X C} for every plane, with R of {@code [H', H]} and C of {@code [W, W']}. */
  private void resample(Nd4jTensor x, Nd4jTensor y, boolean up) {
    long planes = x.size(0) * x.size(1);
    long h = x.size(2);
    long w = x.size(3);
    long newH = y.size(2);
    long newW = y.size(3);
    INDArray wide = scratch.take(planes * h, newW);
    try (Nd4jTensor columns = matrix(w, newW, up)) {
      Nd4jOps.matmul(x.as(planes * h, w), false, columns.as(newW, w), true, wide);
    }
    // ND4J multiplies stacks with stacks only: one copy of the matrix for every plane.
    INDArray stack = scratch.take(planes, newH * h);
    try (Nd4jTensor rows = matrix(h, newH, up)) {
      Nd4jOps.multiply(
          engine.memory().ones(planes).reshape(planes, 1), rows.as(1, newH * h), stack);
    }
    Nd4jOps.matmul(
        stack.reshape(planes, newH, h),
        false,
        wide.reshape(planes, h, newW),
        false,
        y.as(planes, newH, newW));
    scale(y, gain);
  }

  /**
   * The normalised filter along one axis: {@code [to, from]}; tap t ties coordinate 2i + t -
   * padding of the large image to i of the small one.
   */
  private Nd4jTensor matrix(long from, long to, boolean up) {
    double sum = 0;
    for (double f : filter) {
      sum += f;
    }
    int columns = Math.toIntExact(from);
    int large = Math.toIntExact(up ? to : from);
    int small = Math.toIntExact(up ? from : to);
    float[] values = new float[Math.multiplyExact(large, small)];
    for (int i = 0; i < small; i++) {
      for (int t = 0; t < filter.length; t++) {
        int at = 2 * i + t - padding;
        if (at >= 0 && at < large) {
          values[up ? at * columns + i : i * columns + at] = (float) (filter[t] / sum);
        }
      }
    }
    return (Nd4jTensor) engine.create(FloatBuffer.wrap(values), to, from);
  }
}

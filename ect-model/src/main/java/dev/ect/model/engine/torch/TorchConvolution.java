package dev.ect.model.engine.torch;

import java.util.Arrays;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Convolutions with weights, and those with a fixed filter that halve and double images. */
final class TorchConvolution {
  private static final long[] ZEROS = {0, 0};
  private static final long[] ONES = {1, 1};
  private static final long[] TWOS = {2, 2};

  private TorchConvolution() {}

  /** x, w and b in one type; b may be null. */
  static Tensor forward(Tensor x, Tensor w, Tensor b, int padding) {
    return torch.convolution(x, w, Native.optional(b), ONES, both(padding), ONES, false, ZEROS, 1);
  }

  /**
   * gy, x and w in one type.
   *
   * @param gw float32, or null
   * @param gb float32, or null
   */
  static Tensor backward(
      Tensor gy, Tensor x, Tensor w, int padding, boolean needInput, Tensor gw, Tensor gb) {
    T_TensorTensorTensor_T gradients =
        torch.convolution_backward(
            gy,
            x,
            w,
            new long[] {w.size(0)},
            ONES,
            both(padding),
            ONES,
            false,
            ZEROS,
            1,
            Native.mask(needInput, gw != null, gb != null));
    if (gw != null) {
      gw.add_(gradients.get1());
    }
    if (gb != null) {
      gb.add_(gradients.get2());
    }
    // The tuple's element lives as long as the tuple; a handle of its own lives on.
    return needInput ? new Tensor(gradients.get0()) : null;
  }

  static Tensor downsample(Tensor x, double[] filter, int padding, double gain) {
    if (isAverage(filter, padding)) {
      Tensor y = torch.avg_pool2d(x, TWOS, TWOS, ZEROS, false, true, new LongOptional());
      return gain == 1 ? y : y.mul_(new Scalar(gain));
    }
    return torch.convolution(
        x,
        weights(x, filter, gain),
        new TensorOptional(),
        TWOS,
        both(padding),
        ONES,
        false,
        ZEROS,
        x.size(1));
  }

  static Tensor upsample(Tensor x, double[] filter, int padding, double gain) {
    if (isAverage(filter, padding)) {
      // Scaled while small; a copy of repeated elements takes half the time of upsample_nearest2d.
      Tensor scaled = gain == 4 ? x : x.mul(new Scalar(gain / 4));
      long n = x.size(0);
      long c = x.size(1);
      long h = x.size(2);
      long w = x.size(3);
      return scaled
          .view(n * c, h, 1, w, 1)
          .expand(n * c, h, 2, w, 2)
          .contiguous()
          .view(n, c, 2 * h, 2 * w);
    }
    return torch.convolution(
        x,
        weights(x, filter, gain),
        new TensorOptional(),
        TWOS,
        both(padding),
        ONES,
        true,
        ZEROS,
        x.size(1));
  }

  /** Whether the filter only averages the two by two pixels that become one. */
  private static boolean isAverage(double[] filter, int padding) {
    return padding == 0 && filter.length == 2 && filter[0] == filter[1];
  }

  /**
   * {@code [C, 1, k, k]}: the same {@code gain * f outer f / (sum f)^2} for every channel of x, in
   * its type.
   */
  private static Tensor weights(Tensor x, double[] filter, double gain) {
    int k = filter.length;
    double sum = Arrays.stream(filter).sum();
    float[] values = new float[k * k];
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        values[i * k + j] = (float) (gain * filter[i] * filter[j] / (sum * sum));
      }
    }
    Tensor host = torch.tensor(values, new TensorOptions(Native.FLOAT)).view(1, 1, k, k);
    return host.to(x.device(), x.scalar_type()).expand(x.size(1), 1, k, k).contiguous();
  }

  private static long[] both(int padding) {
    return new long[] {padding, padding};
  }
}

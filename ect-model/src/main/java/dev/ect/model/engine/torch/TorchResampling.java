package dev.ect.model.engine.torch;

import java.util.Arrays;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Halves and doubles images with a fixed filter. */
final class TorchResampling {
  private static final long[] ZEROS = {0, 0};
  private static final long[] ONES = {1, 1};
  private static final long[] TWOS = {2, 2};

  private TorchResampling() {}

  static Tensor downsample(Tensor x, double[] filter, int padding, double gain) {
    if (isAverage(filter, padding)) {
      Tensor y = torch.avg_pool2d(x, TWOS, TWOS, ZEROS, false, true, new LongOptional());
      return gain == 1 ? y : y.mul_(new Scalar(gain));
    }
    return filtered(x, filter, padding, gain, false);
  }

  static Tensor upsample(Tensor x, double[] filter, int padding, double gain) {
    if (isAverage(filter, padding)) {
      // Scaled while small; a copy of repeated elements takes half the time of upsample_nearest2d.
      Tensor scaled = gain == 4 ? x : x.mul(new Scalar(gain / 4));
      long n = x.size(0);
      long c = x.size(1);
      long h = x.size(2);
      long w = x.size(3);
      return scaled.is_contiguous()
          ? repeated(scaled, n * c, h, w, 1).view(n, c, 2 * h, 2 * w)
          : repeated(scaled.permute(0, 2, 3, 1), n, h, w, c).permute(0, 3, 1, 2);
    }
    return filtered(x, filter, padding, gain, true);
  }

  private static Tensor filtered(
      Tensor x, double[] filter, int padding, double gain, boolean transposed) {
    return torch.convolution(
        x,
        weights(x, filter, gain),
        new TensorOptional(),
        TWOS,
        new long[] {padding, padding},
        ONES,
        transposed,
        ZEROS,
        x.size(1));
  }

  /** {@code [n, 2h, 2w, c]} of {@code [n, h, w, c]}: every pixel becomes two by two. */
  private static Tensor repeated(Tensor x, long n, long h, long w, long c) {
    return x.view(n, h, 1, w, 1, c).expand(n, h, 2, w, 2, c).contiguous().view(n, 2 * h, 2 * w, c);
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
}

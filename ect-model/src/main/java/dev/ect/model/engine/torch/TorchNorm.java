package dev.ect.model.engine.torch;

import dev.ect.model.engine.GroupNorm;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Group normalisation with what follows it.
 *
 * <p>Scale and shift of an image's channels are one affine map with gamma and beta. So where they
 * are given, the batch is normalised as one image of N*C channels in N*G groups, each with its own
 * affine map: the same statistics, and no further pass over the images. In memory both are the
 * same.
 *
 * <p>The backward kernel normalises again to see what SiLU saw: that costs less than a gradient of
 * SiLU, and storing it would take as much memory as x.
 */
final class TorchNorm {
  private final Tensor x;
  private final Tensor gamma;
  private final Tensor beta;
  private final GroupNorm norm;
  private final boolean merged;
  private final long images;
  private final long channels;

  /** {@code scale + 1}: {@code [N, C]}; null without scaleShift. */
  private final Tensor factor;

  /** What multiplies the normalised values: {@code [C]}, or {@code [N*C]} where merged. */
  private final Tensor affineScale;

  private final Tensor affineShift;

  /**
   * Arguments as {@link dev.ect.model.engine.Engine#groupNorm} has them, all float32 but x;
   * scaleShift may be null.
   */
  TorchNorm(Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm) {
    // LibTorch's kernel for GPUs wants x and gamma in one type, and would round the statistics to
    // it.
    this.x = x.is_cuda() ? Native.asFloat(x) : x;
    this.gamma = gamma;
    this.beta = beta;
    this.norm = norm;
    images = x.size(0);
    channels = x.size(1);
    merged = scaleShift != null;
    if (merged) {
      factor = scaleShift.narrow(1, 0, channels).add(new Scalar(1.0));
      affineScale = factor.mul(gamma).view(-1);
      affineShift = torch.addcmul(scaleShift.narrow(1, channels, channels), factor, beta).view(-1);
    } else {
      factor = null;
      affineScale = gamma;
      affineShift = beta;
    }
  }

  /** Output, means and reciprocal deviations, in x's type, float32 and float32. */
  Tensor[] forward() {
    T_TensorTensorTensor_T result = normalise();
    Tensor y = result.get0();
    if (norm.silu()) {
      torch.silu_(y);
    }
    return new Tensor[] {new Tensor(y), new Tensor(result.get1()), new Tensor(result.get2())};
  }

  /**
   * @param gGamma float32, or null
   * @param gBeta float32, or null
   * @return gradients of x, in gy's type on a GPU and else in x's, and of scaleShift (null without)
   */
  Tensor[] backward(Tensor gy, Tensor mean, Tensor reciprocal, Tensor gGamma, Tensor gBeta) {
    Tensor gz = Native.like(x, gy);
    if (norm.silu()) {
      gz = torch.silu_backward(gz, normalise().get0());
    }
    boolean affine = merged || gGamma != null || gBeta != null;
    T_TensorTensorTensor_T gradients =
        torch.native_group_norm_backward(
            gz,
            x,
            mean,
            reciprocal,
            Native.some(affineScale),
            rows(),
            columns(),
            pixels(),
            groups(),
            Native.mask(true, affine, affine));
    Tensor gx = new Tensor(gradients.get0());
    if (!merged) {
      add(gGamma, gradients.get1());
      add(gBeta, gradients.get2());
      return new Tensor[] {gx, null};
    }
    Tensor gScale = gradients.get1().view(images, channels);
    Tensor gShift = gradients.get2().view(images, channels);
    if (gGamma != null) {
      gGamma.add_(Native.sum(gScale.mul(factor), Native.FLOAT, 0));
    }
    if (gBeta != null) {
      gBeta.add_(Native.sum(gShift.mul(factor), Native.FLOAT, 0));
    }
    Tensor gScaleShift =
        torch.empty(
            new long[] {images, 2 * channels},
            gShift.options(),
            new org.bytedeco.pytorch.MemoryFormatOptional());
    gScaleShift.narrow(1, 0, channels).copy_(gScale.mul(gamma).addcmul_(gShift, beta));
    gScaleShift.narrow(1, channels, channels).copy_(gShift);
    return new Tensor[] {gx, gScaleShift};
  }

  private T_TensorTensorTensor_T normalise() {
    return torch.native_group_norm(
        x,
        Native.some(affineScale),
        Native.some(affineShift),
        rows(),
        columns(),
        pixels(),
        groups(),
        norm.eps());
  }

  private static void add(Tensor sum, Tensor gradient) {
    if (sum != null) {
      sum.add_(gradient);
    }
  }

  private long rows() {
    return merged ? 1 : images;
  }

  private long columns() {
    return merged ? images * channels : channels;
  }

  private long groups() {
    return merged ? images * norm.groups() : norm.groups();
  }

  private long pixels() {
    return x.size(2) * x.size(3);
  }
}

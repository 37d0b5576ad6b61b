package dev.ect.model.engine.torch;

import dev.ect.model.engine.GroupNorm;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Group normalisation with what follows it. Scale and shift of an image's channels are one affine
 * map with gamma and beta, so that they take no further pass over the images.
 *
 * <p>The backward kernel normalises again to see what SiLU saw: that costs less than a gradient of
 * SiLU, and storing it would take as much memory as x.
 */
abstract class TorchNorm {
  final Tensor x;
  final GroupNorm norm;
  final long images;
  final long channels;

  /** What multiplies the normalised values: {@code [C]}, or {@code [N, C]} with scaleShift. */
  final Tensor affineScale;

  /** What is added to them, of the same shape. */
  final Tensor affineShift;

  private final Tensor gamma;
  private final Tensor beta;

  /** {@code scale + 1}: {@code [N, C]}; null without scaleShift. */
  private final Tensor factor;

  TorchNorm(Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm) {
    this.x = x;
    this.gamma = gamma;
    this.beta = beta;
    this.norm = norm;
    images = x.size(0);
    channels = x.size(1);
    if (scaleShift == null) {
      factor = null;
      affineScale = gamma;
      affineShift = beta;
    } else {
      factor = scaleShift.narrow(1, 0, channels).add(new Scalar(1.0));
      affineScale = factor.mul(gamma);
      affineShift = torch.addcmul(scaleShift.narrow(1, channels, channels), factor, beta);
    }
  }

  /**
   * Arguments as {@link dev.ect.model.engine.Engine#groupNorm} has them, all float32 but x;
   * scaleShift may be null.
   */
  static TorchNorm of(
      TorchLayout layout, Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm) {
    return layout == TorchLayout.CHANNELS_LAST
        ? new ChannelsLastNorm(x, gamma, beta, scaleShift, norm)
        : new ContiguousNorm(x, gamma, beta, scaleShift, norm);
  }

  /** Whether each image has an affine map of its own. */
  final boolean perImage() {
    return factor != null;
  }

  /** Output, means and reciprocal deviations, in x's type, float32 and float32. */
  final Tensor[] forward() {
    Tensor[] result = normalise();
    if (norm.silu()) {
      torch.silu_(result[0]);
    }
    return result;
  }

  /** Normalised values after the affine map, means and reciprocal deviations. */
  abstract Tensor[] normalise();

  /** The first of {@link #normalise}, from the other two. */
  abstract Tensor normalise(Tensor mean, Tensor reciprocal);

  /**
   * @param gz gradient of the affine map's output, in x's type
   * @param affine whether the gradients of the map are wanted
   * @return gradients of x, and of the map's scale and shift in float32: {@code [C]}, or {@code [N,
   *     C]} where it is per image
   */
  abstract Tensor[] gradients(Tensor gz, Tensor mean, Tensor reciprocal, boolean affine);

  /**
   * @param gGamma float32, or null
   * @param gBeta float32, or null
   * @return gradients of x, and of scaleShift (null without)
   */
  final Tensor[] backward(Tensor gy, Tensor mean, Tensor reciprocal, Tensor gGamma, Tensor gBeta) {
    Tensor gz = Native.like(x, gy);
    if (norm.silu()) {
      gz = torch.silu_backward(gz, normalise(mean, reciprocal));
    }
    Tensor[] g = gradients(gz, mean, reciprocal, perImage() || gGamma != null || gBeta != null);
    if (!perImage()) {
      add(gGamma, g[1]);
      add(gBeta, g[2]);
      return new Tensor[] {g[0], null};
    }
    Tensor gScale = g[1];
    Tensor gShift = g[2];
    if (gGamma != null) {
      gGamma.add_(Native.sum(gScale.mul(factor), Native.FLOAT, 0));
    }
    if (gBeta != null) {
      gBeta.add_(Native.sum(gShift.mul(factor), Native.FLOAT, 0));
    }
    Tensor gScaleShift =
        torch.empty(
            new long[] {images, 2 * channels}, gShift.options(), new MemoryFormatOptional());
    gScaleShift.narrow(1, 0, channels).copy_(gScale.mul(gamma).addcmul_(gShift, beta));
    gScaleShift.narrow(1, channels, channels).copy_(gShift);
    return new Tensor[] {g[0], gScaleShift};
  }

  private static void add(Tensor sum, Tensor gradient) {
    if (sum != null) {
      sum.add_(gradient);
    }
  }

  final long pixels() {
    return x.size(2) * x.size(3);
  }
}

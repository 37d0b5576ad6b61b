package dev.ect.model.engine.torch;

import dev.ect.model.engine.GroupNorm;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * For images with channels last, which LibTorch's own kernels for GPUs would transpose twice.
 * Images are taken as {@code [N, pixels, groups, channels of a group]}. Statistics make one affine
 * map per image and channel, so that a pass over the images is a single multiplication and
 * addition, in float32 within the operation whatever type the images have.
 */
final class ChannelsLastNorm extends TorchNorm {
  private static final long[] IN_GROUP = {1, 3};
  private static final long[] IN_CHANNEL = {1};

  ChannelsLastNorm(Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm) {
    super(x, gamma, beta, scaleShift, norm);
  }

  @Override
  Tensor[] normalise() {
    Tensor values = grouped(x);
    Tensor mean;
    Tensor variance;
    if (x.scalar_type().value == Native.FLOAT.value) {
      T_TensorTensor_T moments = torch.var_mean(values, IN_GROUP, false, true);
      variance = moments.get0();
      mean = moments.get1();
    } else {
      // var_mean would round to the images' type.
      double count = count();
      mean = sum(values, IN_GROUP).div(new Scalar(count));
      Tensor length =
          torch.linalg_vector_norm(
              values, new Scalar(2.0), IN_GROUP, true, new ScalarTypeOptional(Native.FLOAT));
      variance = length.square().div(new Scalar(count)).sub(mean.square());
      variance.clamp_(new org.bytedeco.pytorch.ScalarOptional(new Scalar(0.0)));
    }
    Tensor reciprocal = variance.add(new Scalar(norm.eps())).rsqrt();
    return new Tensor[] {normalise(mean, reciprocal), new Tensor(mean), reciprocal};
  }

  @Override
  Tensor normalise(Tensor mean, Tensor reciprocal) {
    Tensor scale = perGroup(affineScale).mul(reciprocal);
    Tensor shift = perGroup(affineShift).sub(mean.mul(scale));
    Tensor y = torch.empty_like(x);
    torch.addcmul_out(grouped(y), shift, grouped(x), scale);
    return y;
  }

  @Override
  Tensor[] gradients(Tensor gz, Tensor mean, Tensor reciprocal, boolean affine) {
    Tensor values = grouped(x);
    Tensor g = grouped(gz);
    Tensor gShift = sum(g, IN_CHANNEL);
    // The sum over pixels of g times the normalised values.
    Tensor gScale =
        sum(Native.asFloat(values).mul(g), IN_CHANNEL).sub(mean.mul(gShift)).mul(reciprocal);
    Tensor scale = perGroup(affineScale);
    // gx = reciprocal (scale g - average(scale g) - normalised average(scale g normalised))
    Tensor average = average(scale.mul(gShift));
    Tensor product = average(scale.mul(gScale)).mul(reciprocal);
    Tensor ofX = product.mul(reciprocal).neg();
    Tensor constant = mean.mul(product).sub(average).mul(reciprocal);
    Tensor gx = torch.empty_like(x);
    Tensor target = grouped(gx);
    torch.addcmul_out(target, constant, values, ofX);
    torch.addcmul_out(target, target, g, scale.mul(reciprocal));
    if (!affine) {
      return new Tensor[] {gx, null, null};
    }
    return new Tensor[] {gx, perChannel(gScale), perChannel(gShift)};
  }

  /** Over a group, of what is summed over pixels already. */
  private Tensor average(Tensor sums) {
    return sum(sums, 3).div(new Scalar((double) count()));
  }

  /** Values of an image in a group. */
  private long count() {
    return pixels() * channels / norm.groups();
  }

  private static Tensor sum(Tensor t, long... axes) {
    return torch.sum(t, axes, true, new ScalarTypeOptional(Native.FLOAT));
  }

  /** A view of images. */
  private Tensor grouped(Tensor images) {
    return images
        .permute(0, 2, 3, 1)
        .view(this.images, pixels(), norm.groups(), channels / norm.groups());
  }

  /** {@code [N or 1, 1, groups, channels of a group]} of {@code [N, C]} or {@code [C]}. */
  private Tensor perGroup(Tensor affine) {
    return affine.view(-1, 1, norm.groups(), channels / norm.groups());
  }

  /** {@code [N, C]}, or the sum over images: {@code [C]}. */
  private Tensor perChannel(Tensor gradient) {
    Tensor each = gradient.view(images, channels);
    return perImage() ? each : Native.sum(each, Native.FLOAT, 0);
  }
}

package dev.ect.model.engine.torch;

import dev.ect.model.engine.GroupNorm;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * By LibTorch's own kernels, which want contiguous images.
 *
 * <p>Where each image has its own affine map, the batch is normalised as one image of N*C channels
 * in N*G groups: the same statistics, and in memory the same images.
 */
final class ContiguousNorm extends TorchNorm {
  ContiguousNorm(Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm) {
    // LibTorch's kernel for GPUs wants x and gamma in one type, and would round the statistics to
    // it.
    super(x.is_cuda() ? Native.asFloat(x) : x, gamma, beta, scaleShift, norm);
  }

  @Override
  Tensor[] normalise() {
    T_TensorTensorTensor_T result =
        torch.native_group_norm(
            x,
            Native.some(affineScale.view(-1)),
            Native.some(affineShift.view(-1)),
            rows(),
            columns(),
            pixels(),
            groups(),
            norm.eps());
    return new Tensor[] {
      new Tensor(result.get0()), new Tensor(result.get1()), new Tensor(result.get2())
    };
  }

  @Override
  Tensor normalise(Tensor mean, Tensor reciprocal) {
    return normalise()[0];
  }

  @Override
  Tensor[] gradients(Tensor gz, Tensor mean, Tensor reciprocal, boolean affine) {
    T_TensorTensorTensor_T gradients =
        torch.native_group_norm_backward(
            gz,
            x,
            mean,
            reciprocal,
            Native.some(affineScale.view(-1)),
            rows(),
            columns(),
            pixels(),
            groups(),
            Native.mask(true, affine, affine));
    Tensor gx = new Tensor(gradients.get0());
    return affine
        ? new Tensor[] {
          gx, gradients.get1().view(affineScale.sizes()), gradients.get2().view(affineScale.sizes())
        }
        : new Tensor[] {gx, null, null};
  }

  private long rows() {
    return perImage() ? 1 : images;
  }

  private long columns() {
    return perImage() ? images * channels : channels;
  }

  private long groups() {
    return perImage() ? images * norm.groups() : norm.groups();
  }
}

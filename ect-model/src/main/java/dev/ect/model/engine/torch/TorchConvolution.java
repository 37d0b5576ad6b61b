package dev.ect.model.engine.torch;

import dev.ect.model.engine.Precision;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Convolutions with weights, in the number format of an engine and by the fastest way that there is
 * on its device.
 *
 * <p>On CPUs without AVX-512 LibTorch would take minutes for an image. There the operands are
 * rounded to bfloat16 and multiplied in float32.
 */
final class TorchConvolution {
  private static final long[] ZEROS = {0, 0};
  private static final long[] ONES = {1, 1};

  /** Of images between kernels. */
  private final ScalarType activation;

  /** Of the operands of LibTorch's convolutions. */
  private final ScalarType operand;

  private final TorchLayout layout;
  private final WinogradConvolution winograd;

  /**
   * @param winograd does what suits it if operands are float32; borrowed; or null
   */
  TorchConvolution(
      Precision precision, TorchDevice device, TorchLayout layout, WinogradConvolution winograd) {
    this.layout = layout;
    activation = precision == Precision.BFLOAT16 ? Native.BFLOAT16 : Native.FLOAT;
    operand = device.multipliesBfloat16() ? activation : Native.FLOAT;
    this.winograd = operand.value == Native.FLOAT.value ? winograd : null;
  }

  /** The type that images have after a convolution. */
  ScalarType activation() {
    return activation;
  }

  /**
   * @param b may be null
   */
  Tensor forward(TorchTensor x, TorchTensor w, TorchTensor b, int padding) {
    Tensor images = images(x);
    Tensor weights = weights(w);
    Tensor bias = b == null ? null : weights(b);
    if (winograd != null && winograd.suits(images, weights, padding)) {
      return Native.as(activation, winograd.forward(images, weights, bias));
    }
    return Native.as(
        activation,
        torch.convolution(
            images, weights, Native.optional(bias), ONES, both(padding), ONES, false, ZEROS, 1));
  }

  /**
   * @param gw float32, receives the gradient of w by addition, or null
   * @param gb float32, receives the gradient of b by addition, or null
   * @return the gradient of x, or null if it is not needed
   */
  Tensor backward(
      TorchTensor gy,
      TorchTensor x,
      TorchTensor w,
      int padding,
      boolean needInput,
      Tensor gw,
      Tensor gb) {
    Tensor gradient = images(gy);
    Tensor images = images(x);
    Tensor weights = weights(w);
    if (winograd != null && winograd.suits(images, weights, padding)) {
      if (gb != null) {
        gb.add_(Native.sum(gradient, Native.FLOAT, 0, 2, 3));
      }
      return winograd.backward(gradient, images, weights, needInput, gw);
    }
    T_TensorTensorTensor_T gradients =
        torch.convolution_backward(
            gradient,
            images,
            weights,
            new long[] {weights.size(0)},
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

  private Tensor images(TorchTensor x) {
    return Native.as(operand, Native.as(activation, x.data()));
  }

  private Tensor weights(TorchTensor w) {
    return Native.as(operand, w.operand(activation, layout));
  }

  private static long[] both(int padding) {
    return new long[] {padding, padding};
  }
}

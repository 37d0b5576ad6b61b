package dev.ect.model.engine.torch;

import dev.ect.model.engine.MemoryFormat;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How images lie in memory.
 *
 * <p>On the CPU contiguous: convolutions are as fast as with channels last, group normalisation and
 * concatenation are faster (measured). On GPUs channels last: cuDNN's kernels for matrix units want
 * it, and transpose before and after every convolution otherwise.
 */
enum TorchLayout {
  CONTIGUOUS(torch.MemoryFormat.Contiguous),
  CHANNELS_LAST(torch.MemoryFormat.ChannelsLast);

  private final torch.MemoryFormat format;

  TorchLayout(torch.MemoryFormat format) {
    this.format = format;
  }

  static TorchLayout of(MemoryFormat wanted, TorchDevice device) {
    return switch (wanted) {
      case AUTO -> device.isCuda() ? CHANNELS_LAST : CONTIGUOUS;
      case CONTIGUOUS -> CONTIGUOUS;
      case CHANNELS_LAST -> CHANNELS_LAST;
    };
  }

  torch.MemoryFormat format() {
    return format;
  }

  /** Images, {@code [N, C, H, W]}, in this layout: x itself if it is. */
  Tensor of(Tensor x) {
    return x.dim() == 4 ? x.contiguous(format) : x.contiguous();
  }
}

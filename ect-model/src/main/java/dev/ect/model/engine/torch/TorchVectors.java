package dev.ect.model.engine.torch;

import dev.ect.model.engine.AdamUpdate;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * In-place arithmetic on state vectors, each pass over memory as short as LibTorch's operations
 * allow.
 */
final class TorchVectors {
  /**
   * Values that several operations run over before the next ones come: what stays in the caches
   * meanwhile.
   */
  private static final long CHUNK = 1 << 18;

  /** The same on a GPU, where starting an operation costs more than memory. */
  private static final long CUDA_CHUNK = 1 << 26;

  private TorchVectors() {}

  static void accumulate(Tensor target, double scale, Tensor source) {
    if (scale == 0) {
      target.copy_(source);
    } else if (scale == 1) {
      target.add_(source);
    } else {
      torch.add_out(target, Native.like(target, source), target, new Scalar(scale));
    }
  }

  static void replaceNonFinite(Tensor x, float nan, float plus, float minus) {
    torch.nan_to_num_(
        x, new DoubleOptional(nan), new DoubleOptional(plus), new DoubleOptional(minus));
  }

  static void movingAverage(Tensor average, Tensor net, double beta) {
    torch.lerp_out(average, Native.like(average, net), average, new Scalar(beta));
  }

  static void adam(Tensor w, Tensor g, Tensor m, Tensor v, AdamUpdate update) {
    long n = w.numel();
    long chunk = w.is_cuda() ? CUDA_CHUNK : CHUNK;
    Tensor scratch =
        torch.empty(new long[] {Math.min(n, chunk)}, w.options(), new MemoryFormatOptional());
    Tensor[] flat = {w.view(-1), g.view(-1), m.view(-1), v.view(-1)};
    for (long from = 0; from < n; from += chunk) {
      long count = Math.min(chunk, n - from);
      try (Scope scope = new Scope()) {
        adam(
            flat[0].narrow(0, from, count),
            flat[1].narrow(0, from, count),
            flat[2].narrow(0, from, count),
            flat[3].narrow(0, from, count),
            scratch.narrow(0, 0, count),
            update);
      }
    }
  }

  private static void adam(
      Tensor w, Tensor g, Tensor m, Tensor v, Tensor scratch, AdamUpdate update) {
    m.lerp_(g, new Scalar(1 - update.beta1()));
    v.mul_(new Scalar(update.beta2())).addcmul_(g, g, new Scalar(1 - update.beta2()));
    if (update.vScale() == 0) {
      w.add_(m, new Scalar(-update.step()));
    } else {
      // step * m / (sqrt(v) * vScale + eps), divided through by vScale.
      torch.sqrt_out(scratch, v);
      scratch.add_(new Scalar(update.eps() / update.vScale()));
      w.addcdiv_(m, scratch, new Scalar(-update.step() / update.vScale()));
    }
  }
}

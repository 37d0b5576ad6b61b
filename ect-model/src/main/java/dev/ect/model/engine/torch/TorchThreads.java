package dev.ect.model.engine.torch;

import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.global.torch;

/**
 * The CPU threads of one operation. LibTorch and OpenMP keep their number per calling thread, and
 * whatever else computes there may have changed it; a thread that LibTorch has not seen begins with
 * the number that was set last anywhere. OpenBLAS gets one: its threads and LibTorch's would fight
 * for the same cores.
 */
final class TorchThreads {
  private final int count;
  private Thread last;

  TorchThreads(int count) {
    this.count = count;
  }

  /**
   * Sets the number for the calling thread where it is another; asking is cheap, setting is not.
   */
  void use() {
    if (last != Thread.currentThread() || torch.get_num_threads() != count) {
      openblas.blas_set_num_threads(1);
      torch.set_num_threads(count);
      last = Thread.currentThread();
    }
  }
}

package dev.ect.model.engine.torch;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;

/**
 * Whether GPUs round the operands of float32 products to TF32, which LibTorch keeps once per
 * process: they do unless somebody forbids it. So another engine of the process may make products
 * more exact for a while, never less.
 */
final class Tf32 {
  private static int forbidding;

  private Tf32() {}

  /** A time in which it is forbidden. */
  interface Forbidden extends AutoCloseable {
    /** Ends it, once. */
    @Override
    void close();
  }

  static synchronized Forbidden forbid() {
    forbidding++;
    apply();
    return Tf32::release;
  }

  private static synchronized void release() {
    forbidding--;
    apply();
  }

  /** Tells LibTorch, whose own default is another. */
  static synchronized void apply() {
    Context context = torch.globalContext();
    context.setAllowTF32CuBLAS(forbidding == 0);
    context.setAllowTF32CuDNN(forbidding == 0);
  }
}

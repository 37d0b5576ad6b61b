package dev.ect.model.engine.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;

/**
 * The duration of one kernel on the calling thread: LibTorch records nothing for its own
 * differentiation, and every native object that was made meanwhile is freed at the end, unless
 * somebody has retained it. That includes the handles that in-place operations return.
 */
final class Scope implements AutoCloseable {
  private final PointerScope pointers = new PointerScope();
  private final boolean gradients = GradMode.is_enabled();

  Scope() {
    if (gradients) {
      GradMode.set_enabled(false);
    }
  }

  @Override
  public void close() {
    pointers.close();
    if (gradients) {
      GradMode.set_enabled(true);
    }
  }
}

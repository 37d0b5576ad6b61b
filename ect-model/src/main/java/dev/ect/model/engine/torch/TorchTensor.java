package dev.ect.model.engine.torch;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A contiguous LibTorch tensor, float32 or bfloat16. */
final class TorchTensor extends dev.ect.model.engine.Tensor {
  /** Values that one Java buffer is laid over at a time. */
  private static final int SPAN = 1 << 28;

  private final TorchEngine engine;
  private final Tensor data;
  private Tensor cast;
  private long castVersion;

  /**
   * Must be made inside a {@link Scope}, whose hold on the data it outlives.
   *
   * @param data contiguous
   */
  TorchTensor(TorchEngine engine, Tensor data, long[] shape) {
    super(shape);
    this.engine = engine;
    this.data = data;
    data.retainReference();
  }

  TorchEngine engine() {
    return engine;
  }

  Tensor data() {
    return data;
  }

  /**
   * The values in bfloat16. The copy is kept and made anew only after the values have changed:
   * LibTorch counts the changes of a tensor, and those of a view together with those of the vector
   * that it is part of.
   */
  Tensor bfloat16() {
    if (data.scalar_type().value == torch.ScalarType.BFloat16.value) {
      return data;
    }
    long version = data._version();
    if (cast == null) {
      cast = data.to(torch.ScalarType.BFloat16);
      cast.retainReference();
    } else if (castVersion != version) {
      cast.copy_(data);
    }
    castVersion = version;
    return cast;
  }

  @Override
  public void read(long from, FloatBuffer destination) {
    int count = destination.remaining();
    requireRange(from, count);
    if (count == 0) {
      return;
    }
    try (Scope scope = engine.scope()) {
      Tensor part = data.view(-1).narrow(0, from, count);
      Tensor host = part.cpu().to(torch.ScalarType.Float);
      for (int done = 0; done < count; done += SPAN) {
        destination.put(buffer(host, done, Math.min(SPAN, count - done)));
      }
    }
  }

  @Override
  public void write(long from, FloatBuffer source) {
    int count = source.remaining();
    requireRange(from, count);
    if (count == 0) {
      return;
    }
    try (Scope scope = engine.scope()) {
      Tensor part = data.view(-1).narrow(0, from, count);
      boolean direct = part.is_cpu() && part.scalar_type().value == torch.ScalarType.Float.value;
      Tensor host = direct ? part : torch.empty(count);
      for (int done = 0; done < count; done += SPAN) {
        int length = Math.min(SPAN, count - done);
        buffer(host, done, length).put(source.slice(source.position() + done, length));
      }
      source.position(source.limit());
      if (direct) {
        // Java wrote behind LibTorch's back: an operation on no values makes it count the change.
        part.narrow(0, 0, 0).zero_();
      } else {
        part.copy_(host);
      }
    }
  }

  private static FloatBuffer buffer(Tensor host, long from, int length) {
    FloatPointer values = host.data_ptr_float();
    return values.position(from).limit(from + length).asBuffer();
  }

  @Override
  protected void free() {
    if (cast != null) {
      cast.close();
    }
    data.close();
    engine.freed();
  }
}

package dev.ect.model.engine.torch;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** A dense LibTorch tensor, float32 or bfloat16; contiguous, but for images with channels last. */
final class TorchTensor extends dev.ect.model.engine.Tensor {
  /** Values that are copied between Java and LibTorch at a time: 16 MiB. */
  private static final int PIECE = 1 << 22;

  private final TorchEngine engine;
  private final Tensor data;
  private final List<Operand> operands = new ArrayList<>(1);

  /** The values of a weight in another type or layout, as they were at a version. */
  private static final class Operand {
    final torch.ScalarType type;
    final Tensor values;
    long version;

    Operand(torch.ScalarType type, Tensor values, long version) {
      this.type = type;
      this.values = values;
      this.version = version;
    }
  }

  /**
   * Must be made inside a {@link Scope}, whose hold on the data it outlives.
   *
   * @param data dense
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
   * The values of a weight in a type, and in the engine's layout. A copy is kept and made anew only
   * after the values have changed: LibTorch counts the changes of a tensor, and those of a view
   * together with those of the vector that it is part of.
   */
  Tensor operand(torch.ScalarType type, TorchLayout layout) {
    if (data.scalar_type().value == type.value && isLaidOut(layout)) {
      return data;
    }
    long version = data._version();
    for (Operand kept : operands) {
      if (kept.type.value == type.value) {
        if (kept.version != version) {
          kept.values.copy_(data);
          kept.version = version;
        }
        return kept.values;
      }
    }
    Tensor values = layout.of(Native.as(type, data));
    values.retainReference();
    operands.add(new Operand(type, values, version));
    return values;
  }

  private boolean isLaidOut(TorchLayout layout) {
    return data.dim() != 4 || data.is_contiguous(layout.format());
  }

  @Override
  public void read(long from, FloatBuffer destination) {
    requireRange(from, destination.remaining());
    if (!destination.hasRemaining()) {
      return;
    }
    try (Scope scope = engine.scope()) {
      read(data.contiguous().view(-1), from, destination);
    }
  }

  private void read(Tensor values, long from, FloatBuffer destination) {
    for (long at = from; destination.hasRemaining(); ) {
      try (Scope scope = new Scope()) {
        int count = Math.min(PIECE, destination.remaining());
        Tensor part = values.narrow(0, at, count);
        Tensor host;
        if (part.is_cuda()) {
          host = pinned(count);
          host.copy_(part, true);
          engine.synchronize();
        } else {
          host = Native.asFloat(part);
        }
        destination.put(buffer(host, count));
        at += count;
      }
    }
  }

  @Override
  public void write(long from, FloatBuffer source) {
    requireRange(from, source.remaining());
    if (!source.hasRemaining()) {
      return;
    }
    try (Scope scope = engine.scope()) {
      Tensor contiguous = data.contiguous();
      write(contiguous.view(-1), from, source);
      if (!data.is_contiguous()) {
        data.copy_(contiguous);
      }
    }
  }

  private static void write(Tensor values, long from, FloatBuffer source) {
    boolean direct = values.is_cpu() && values.scalar_type().value == torch.ScalarType.Float.value;
    for (long at = from; source.hasRemaining(); ) {
      try (Scope scope = new Scope()) {
        int count = Math.min(PIECE, source.remaining());
        Tensor part = values.narrow(0, at, count);
        Tensor host = direct ? part : values.is_cuda() ? pinned(count) : torch.empty(count);
        buffer(host, count).put(source.slice(source.position(), count));
        source.position(source.position() + count);
        if (direct) {
          // Java wrote behind LibTorch's back: an operation on no values makes it count the change.
          part.narrow(0, 0, 0).zero_();
        } else {
          // From pinned memory this only queues the transfer; LibTorch keeps the memory until then.
          part.copy_(host, true);
        }
        at += count;
      }
    }
  }

  /** Memory of the host that a GPU can reach by itself, from LibTorch's cache of such. */
  private static Tensor pinned(int count) {
    return torch.empty(
        new long[] {count},
        new TensorOptions(Native.FLOAT).pinned_memory(new BoolOptional(true)),
        new MemoryFormatOptional());
  }

  private static FloatBuffer buffer(Tensor host, int length) {
    FloatPointer values = host.data_ptr_float();
    return values.limit(length).asBuffer();
  }

  @Override
  protected void free() {
    operands.forEach(kept -> kept.values.close());
    data.close();
    engine.freed();
  }
}

package dev.ect.model.engine.torch;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Float32 memory on the CPU that is kept from call to call, so that the system need not give it
 * anew each time. Any thread may take; one name is used by one at a time.
 */
final class TorchScratch implements AutoCloseable {
  private final Map<String, Tensor> memory = new ConcurrentHashMap<>();

  /** A tensor whose values are whatever they were; good until the name is taken again. */
  Tensor take(String name, long... shape) {
    long elements = LongStream.of(shape).reduce(1, (a, b) -> a * b);
    return memory
        .compute(name, (key, kept) -> grown(kept, elements))
        .narrow(0, 0, elements)
        .view(shape);
  }

  private static Tensor grown(Tensor kept, long elements) {
    if (kept != null && kept.numel() >= elements) {
      return kept;
    }
    Tensor larger = torch.empty(elements);
    larger.retainReference();
    if (kept != null) {
      kept.close();
    }
    return larger;
  }

  @Override
  public void close() {
    memory.values().forEach(Tensor::close);
    memory.clear();
  }
}

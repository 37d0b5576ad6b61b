package dev.ect.model.network;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each named tensor lies in ONE flat float32 vector. Weights, gradients, optimiser moments
 * and EMA all use the same layout. Names, shapes and their order are PyTorch's.
 */
public final class ParameterLayout {
  /**
   * @param name PyTorch name, for example {@code model.enc.32x32_block0.conv0.weight}
   * @param offset index of the first value in the vector
   * @param shape sizes of the axes
   */
  public record Entry(String name, long offset, long[] shape) {
    /** The number of values. */
    public long elements() {
      return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }
  }

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final long size;

  /**
   * @param shapes the shape of each tensor by name, in order
   */
  public ParameterLayout(Map<String, long[]> shapes) {
    long offset = 0;
    for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
      Entry entry = new Entry(shape.getKey(), offset, shape.getValue().clone());
      entries.put(entry.name(), entry);
      offset += entry.elements();
    }
    size = offset;
  }

  /** All tensors, in the vector's order. */
  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  /**
   * @throws IllegalArgumentException if there is no tensor of that name
   */
  public Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("the network has no parameter '" + name + "'");
    }
    return entry;
  }

  /** Whether there is a tensor of that name. */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /** The vector's length: the number of parameters. */
  public long size() {
    return size;
  }
}

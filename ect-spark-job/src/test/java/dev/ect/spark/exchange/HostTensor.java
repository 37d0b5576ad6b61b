package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;

/** A vector in an array. */
final class HostTensor extends Tensor {
  private final float[] values;

  HostTensor(float[] values) {
    super(values.length);
    this.values = values;
  }

  @Override
  public void read(long from, FloatBuffer destination) {
    requireRange(from, destination.remaining());
    destination.put(values, (int) from, destination.remaining());
  }

  @Override
  public void write(long from, FloatBuffer source) {
    requireRange(from, source.remaining());
    source.get(values, (int) from, source.remaining());
  }

  @Override
  protected void free() {
    // The heap's.
  }

  float[] values() {
    return values;
  }
}

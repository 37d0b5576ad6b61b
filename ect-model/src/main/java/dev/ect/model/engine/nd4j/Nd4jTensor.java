package dev.ect.model.engine.nd4j;

import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Row-major float32 values in a flat ND4J array, or in a part of another tensor's. */
final class Nd4jTensor extends Tensor {
  private final Nd4jEngine engine;
  private final INDArray flat;
  private final Nd4jTensor vector;
  private INDArray[] chunks;

  /**
   * @param flat the values, {@code [n]}
   * @param vector the tensor that owns them, which this one retains; null if they are this one's
   *     own, from the engine's memory
   */
  Nd4jTensor(Nd4jEngine engine, INDArray flat, Nd4jTensor vector, long... shape) {
    super(shape);
    this.engine = engine;
    this.flat = flat;
    this.vector = vector;
    if (vector != null) {
      vector.retain();
    }
  }

  Nd4jEngine engine() {
    return engine;
  }

  /** The values, {@code [n]}. */
  INDArray flat() {
    return flat;
  }

  /** The values as an array of another shape with as many. */
  INDArray as(long... shape) {
    return flat.reshape(shape);
  }

  /**
   * The values cut into pieces of so many (the last may be shorter), to go through several vectors
   * piece by piece in the processor's cache. The views are made once, because ND4J leaves freeing a
   * view to its garbage collection.
   */
  INDArray[] chunks(int length) {
    if (chunks == null) {
      int count = Math.toIntExact((elements() + length - 1) / length);
      chunks = new INDArray[count];
      for (int i = 0; i < count; i++) {
        long from = (long) i * length;
        chunks[i] = part(from, Math.min(length, elements() - from));
      }
    }
    return chunks;
  }

  /** A view of some values. */
  INDArray part(long from, long count) {
    return from == 0 && count == elements()
        ? flat
        : flat.get(NDArrayIndex.interval(from, from + count));
  }

  @Override
  public void read(long from, FloatBuffer destination) {
    requireRange(from, destination.remaining());
    if (destination.hasRemaining()) {
      Nd4j.getAffinityManager().ensureLocation(flat, Location.HOST);
      destination.put(host(from, destination.remaining()));
    }
  }

  @Override
  public void write(long from, FloatBuffer source) {
    requireRange(from, source.remaining());
    if (source.hasRemaining()) {
      // The rest of the values must be the newest ones on the host before the host's copy becomes
      // the valid one.
      Nd4j.getAffinityManager().ensureLocation(flat, Location.HOST);
      host(from, source.remaining()).put(source);
      Nd4j.getAffinityManager().tagLocation(flat, Location.HOST);
    }
  }

  private FloatBuffer host(long from, int count) {
    try (FloatPointer values = new FloatPointer(flat.data().addressPointer())) {
      return values.position(from).limit(from + count).asByteBuffer().asFloatBuffer();
    }
  }

  @Override
  protected void free() {
    engine.freed();
    if (vector == null) {
      engine.memory().give(flat);
    } else {
      vector.close();
    }
  }
}

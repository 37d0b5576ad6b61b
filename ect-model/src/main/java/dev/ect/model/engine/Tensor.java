package dev.ect.model.engine;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * An n-dimensional array of one {@link Engine}, freed deterministically.
 *
 * <p>A tensor starts with one owner; {@link #retain()} adds one, {@link #close()} takes one away,
 * and the last one frees the native memory. How the values lie in memory (order of the axes,
 * float32 or bfloat16) is the engine's own business: {@link #read} and {@link #write} always speak
 * row-major float32. Images are {@code [N, C, H, W]}.
 *
 * <p>Not safe for use by several threads at once.
 */
public abstract class Tensor implements AutoCloseable {
  private final long[] shape;
  private int owners = 1;

  /**
   * @param shape the size of each axis; an empty shape is a scalar
   */
  protected Tensor(long... shape) {
    this.shape = shape.clone();
  }

  /** The size of each axis. */
  public final long[] shape() {
    return shape.clone();
  }

  /** The size of one axis. */
  public final long size(int axis) {
    return shape[axis];
  }

  /** The number of axes. */
  public final int rank() {
    return shape.length;
  }

  /** The number of values: the product of the sizes. */
  public final long elements() {
    long n = 1;
    for (long s : shape) {
      n *= s;
    }
    return n;
  }

  /**
   * Copies values to the host: as many as the destination has room for.
   *
   * @param from index of the first value, row-major
   * @param destination receives {@code destination.remaining()} values; its position moves to its
   *     limit
   * @throws IndexOutOfBoundsException if the range reaches beyond the tensor
   * @throws IllegalStateException if the tensor is closed
   */
  public abstract void read(long from, FloatBuffer destination);

  /**
   * Copies values from the host: as many as the source holds.
   *
   * @param from index of the first value, row-major
   * @param source gives {@code source.remaining()} values; its position moves to its limit
   * @throws IndexOutOfBoundsException if the range reaches beyond the tensor
   * @throws IllegalStateException if the tensor is closed
   */
  public abstract void write(long from, FloatBuffer source);

  /** All values, row-major. */
  public final float[] toArray() {
    float[] values = new float[Math.toIntExact(elements())];
    read(0, FloatBuffer.wrap(values));
    return values;
  }

  /** Frees the native memory; called once, when the last owner closes. */
  protected abstract void free();

  /**
   * Adds an owner.
   *
   * @return this tensor
   */
  public final Tensor retain() {
    requireOpen();
    owners++;
    return this;
  }

  /**
   * Takes an owner away and frees the memory with the last one. Closing a freed tensor again does
   * nothing.
   */
  @Override
  public final void close() {
    if (owners > 0 && --owners == 0) {
      free();
    }
  }

  /** Whether the memory has been freed. */
  public final boolean isClosed() {
    return owners == 0;
  }

  /** Whether somebody else owns this tensor too, so that it must not be changed in place. */
  public final boolean isShared() {
    return owners > 1;
  }

  /**
   * @throws IllegalStateException if the tensor is closed
   */
  public final void requireOpen() {
    if (owners == 0) {
      throw new IllegalStateException(
          "tensor " + Arrays.toString(shape) + " was used after it was closed");
    }
  }

  /**
   * Checks the range of a {@link #read} or {@link #write}.
   *
   * @throws IndexOutOfBoundsException if the range reaches beyond the tensor
   * @throws IllegalStateException if the tensor is closed
   */
  protected final void requireRange(long from, long count) {
    requireOpen();
    if (from < 0 || from + count > elements()) {
      throw new IndexOutOfBoundsException(
          "values "
              + from
              + " to "
              + (from + count)
              + " of tensor "
              + Arrays.toString(shape)
              + ", which has "
              + elements());
    }
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + Arrays.toString(shape) + (isClosed() ? " (closed)" : "");
  }
}

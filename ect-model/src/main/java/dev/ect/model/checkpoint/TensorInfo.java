package dev.ect.model.checkpoint;

import java.util.Arrays;

/**
 * A tensor in a file.
 *
 * @param name such as {@code model.enc.32x32_block0.conv0.weight}
 * @param dtype its element type
 * @param shape its axes; empty for a scalar
 * @param position of its first byte in the file, or {@link #SCATTERED}
 */
public record TensorInfo(String name, DType dtype, long[] shape, long position) {
  /** The position of a tensor that does not lie in the file in one piece. */
  public static final long SCATTERED = -1;

  public TensorInfo {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Number of elements. */
  public long elements() {
    return elements(shape);
  }

  /** Size in bytes. */
  public long bytes() {
    return elements() * dtype.bytes();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorInfo that
        && name.equals(that.name)
        && dtype == that.dtype
        && position == that.position
        && Arrays.equals(shape, that.shape);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name + " " + dtype + Arrays.toString(shape);
  }

  /**
   * Product of the axes; 1 for a scalar.
   *
   * @throws ArithmeticException if it does not fit a long
   */
  static long elements(long[] shape) {
    long product = 1;
    for (long axis : shape) {
      product = Math.multiplyExact(product, axis);
    }
    return product;
  }
}

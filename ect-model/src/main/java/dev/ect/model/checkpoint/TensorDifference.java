package dev.ect.model.checkpoint;

import java.io.IOException;
import java.nio.FloatBuffer;

/**
 * How a tensor of one file differs from that of the same name in another.
 *
 * @param name of both
 * @param elements compared
 * @param different elements whose float32 bits differ
 * @param largest absolute difference; NaN where a difference is not a number
 * @param squares sum of the squared differences
 * @param reference sum of the first file's squares
 */
public record TensorDifference(
    String name, long elements, long different, double largest, double squares, double reference) {
  private static final int PIECE = 1 << 16;

  /** Compares two tensors of one shape, element by element. */
  public static TensorDifference between(TensorFile a, TensorFile b, String name)
      throws IOException {
    long elements = a.tensors().get(name).elements();
    FloatBuffer left = FloatBuffer.allocate((int) Math.min(PIECE, elements));
    FloatBuffer right = FloatBuffer.allocate(left.capacity());
    long different = 0;
    double largest = 0;
    double squares = 0;
    double reference = 0;
    for (long done = 0; done < elements; done += PIECE) {
      int count = (int) Math.min(PIECE, elements - done);
      a.read(name, done, left.clear().limit(count));
      b.read(name, done, right.clear().limit(count));
      for (int i = 0; i < count; i++) {
        float x = left.get(i);
        float y = right.get(i);
        reference += (double) x * x;
        if (Float.floatToRawIntBits(x) != Float.floatToRawIntBits(y)) {
          different++;
          double difference = Math.abs((double) x - y);
          largest = Math.max(largest, difference);
          squares += difference * difference;
        }
      }
    }
    return new TensorDifference(name, elements, different, largest, squares, reference);
  }

  /** Whether all bits are equal. */
  public boolean isEqual() {
    return different == 0;
  }

  /** Norm of the difference over that of the first file's tensor. */
  public double relative() {
    return Math.sqrt(squares / reference);
  }
}

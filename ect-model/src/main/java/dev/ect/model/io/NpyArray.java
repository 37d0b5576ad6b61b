package dev.ect.model.io;

import java.util.Arrays;
import java.util.List;

/**
 * A NumPy array of one of the kinds that are read and written here. Elements are in row-major (C)
 * order, whatever the file's order was; a shape without sizes is a single value.
 */
public sealed interface NpyArray {
  /** Sizes of the axes. */
  List<Integer> shape();

  /** Number of elements. */
  int size();

  /** Floating point numbers: read from float64 and float32, written as float64. */
  record Doubles(List<Integer> shape, double[] values) implements NpyArray {
    /**
     * @throws IllegalArgumentException if the shape has not as many elements, here and below
     */
    public Doubles {
      shape = requireSize(shape, values.length);
    }

    @Override
    public int size() {
      return values.length;
    }
  }

  /** Integers: int64. */
  record Longs(List<Integer> shape, long[] values) implements NpyArray {
    public Longs {
      shape = requireSize(shape, values.length);
    }

    @Override
    public int size() {
      return values.length;
    }
  }

  /** Texts, without NUL at their ends: NumPy's fixed-width unicode strings. */
  record Texts(List<Integer> shape, List<String> values) implements NpyArray {
    public Texts {
      for (String value : values) {
        if (value.endsWith("\0")) {
          throw new IllegalArgumentException("a text ends with NUL, which NumPy drops");
        }
      }
      values = List.copyOf(values);
      shape = requireSize(shape, values.size());
    }

    @Override
    public int size() {
      return values.size();
    }
  }

  /** Floating point numbers of a shape; the array is not copied. */
  static NpyArray of(double[] values, int... shape) {
    return new Doubles(Arrays.stream(shape).boxed().toList(), values);
  }

  /** A single integer. */
  static NpyArray of(long value) {
    return new Longs(List.of(), new long[] {value});
  }

  /** A single text. */
  static NpyArray of(String value) {
    return new Texts(List.of(), List.of(value));
  }

  private static List<Integer> requireSize(List<Integer> shape, int size) {
    long expected = 1;
    for (int axis : shape) {
      expected = Math.multiplyExact(expected, axis);
    }
    if (expected != size) {
      throw new IllegalArgumentException(
          size + " elements; expected the " + expected + " of shape " + shape);
    }
    return List.copyOf(shape);
  }
}

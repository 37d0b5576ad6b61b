package dev.ect.spark.evaluation;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Images one after the other. Cut into batches, it is cut at the same places whoever works on them:
 * the last bits of an image can depend on the size of the batch around it.
 *
 * @param first number of the first image
 * @param count how many, at least 1
 */
public record ImageRange(long first, int count) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The batches of a range; all but the last are full. */
  List<ImageRange> batches(int size) {
    List<ImageRange> batches = new ArrayList<>();
    for (int from = 0; from < count; from += size) {
      batches.add(new ImageRange(first + from, Math.min(size, count - from)));
    }
    return batches;
  }

  /** Number of the last image. */
  long last() {
    return first + count - 1;
  }

  long[] numbers() {
    return LongStream.rangeClosed(first, last()).toArray();
  }

  /** Such as {@code 0-49999}, as EDM's command lines name seeds. */
  @Override
  public String toString() {
    return first + "-" + last();
  }
}

package dev.ect.spark.evaluation;

import java.io.Serializable;
import java.util.Arrays;

/**
 * What a stage has computed of a batch.
 *
 * @param first place of the first image in the whole set, from 0
 * @param count images
 * @param values per {@link FeatureRequest} {@code [count, width]} row-major; empty where a request
 *     takes none of the images
 */
record FeatureChunk(long first, int count, float[][] values) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Features per image. */
  int width(int request) {
    return values[request].length / count;
  }

  /** How many of the images are among the first ones of the set. */
  int among(long limit) {
    return (int) Math.max(0, Math.min(count, limit - first));
  }

  private Object writeReplace() {
    return new Packed(
        first, count, Arrays.stream(values).map(PackedFloats::of).toArray(PackedFloats[]::new));
  }

  private record Packed(long first, int count, PackedFloats[] values) implements Serializable {
    private static final long serialVersionUID = 1L;

    private Object readResolve() {
      return new FeatureChunk(
          first, count, Arrays.stream(values).map(PackedFloats::unpack).toArray(float[][]::new));
    }
  }
}

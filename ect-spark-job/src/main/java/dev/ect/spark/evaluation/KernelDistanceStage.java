package dev.ect.spark.evaluation;

import dev.ect.model.metrics.KernelDistance;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple2;

/**
 * KID as a stage: every row goes to the subsets that it belongs to, and each subset's estimate is a
 * task's work. A task holds one subset: at most 2 x 1000 rows.
 */
final class KernelDistanceStage {
  private static final int REAL = 0;
  private static final int GENERATED = 1;

  private KernelDistanceStage() {}

  /**
   * Computes KID.
   *
   * @param seed chooses the subsets
   * @param threads of a task
   * @param done counts subsets
   */
  static double of(
      SetFeatures real, SetFeatures generated, long seed, int threads, LongAccumulator done) {
    int size = KernelDistance.subsetSize(real.count(), generated.count());
    JavaPairRDD<Integer, Rows> rows =
        scatter(real, new Membership(seed, REAL, real.count(), size))
            .union(scatter(generated, new Membership(seed, GENERATED, generated.count(), size)));
    List<Tuple2<Integer, Double>> estimates =
        rows.groupByKey(KernelDistance.SUBSETS)
            .mapValues(
                subset -> {
                  double estimate = estimate(subset, size, threads);
                  done.add(1L);
                  return estimate;
                })
            .collect();
    return estimates.stream()
        .sorted((a, b) -> Integer.compare(a._1(), b._1()))
        .mapToDouble(Tuple2::_2)
        .average()
        .orElseThrow();
  }

  private static JavaPairRDD<Integer, Rows> scatter(SetFeatures features, Membership membership) {
    int request = features.request();
    return features
        .chunks()
        .mapPartitionsToPair(chunks -> new Scattered(chunks, request, membership));
  }

  private static double estimate(Iterable<Rows> pieces, int size, int threads) {
    float[][] sides = new float[2][];
    for (Rows piece : pieces) {
      float[] values = piece.values().unpack();
      int width = values.length / piece.count();
      if (sides[piece.side()] == null) {
        sides[piece.side()] = new float[size * width];
      }
      System.arraycopy(values, 0, sides[piece.side()], piece.place() * width, values.length);
    }
    return KernelDistance.unbiased(
        sides[GENERATED], sides[REAL], size, TaskDevice.threads(threads));
  }

  /**
   * Neighbouring rows of a subset.
   *
   * @param place of the first one in the subset
   * @param values {@code [count, width]}
   */
  private record Rows(int side, int place, int count, PackedFloats values) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  /** Which images of a set belong to which subsets. */
  private record Membership(long seed, int side, int images, int size) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Per subset its images, ascending. */
    int[][] subsets() {
      int[][] subsets = new int[KernelDistance.SUBSETS][];
      for (int subset = 0; subset < subsets.length; subset++) {
        subsets[subset] = KernelDistance.subset(seed, subset, side, images, size);
      }
      return subsets;
    }
  }

  /** The rows of a task's chunks, for each subset that takes some. */
  private static final class Scattered implements Iterator<Tuple2<Integer, Rows>> {
    private final Iterator<FeatureChunk> chunks;
    private final int request;
    private final Membership membership;
    private final int[][] subsets;
    private FeatureChunk chunk;
    private int subset;
    private Tuple2<Integer, Rows> next;

    Scattered(Iterator<FeatureChunk> chunks, int request, Membership membership) {
      this.chunks = chunks;
      this.request = request;
      this.membership = membership;
      subsets = membership.subsets();
      subset = subsets.length;
    }

    @Override
    public boolean hasNext() {
      while (next == null && (subset < subsets.length || chunks.hasNext())) {
        if (subset == subsets.length) {
          chunk = chunks.next();
          subset = 0;
        }
        next = rows(subset++);
      }
      return next != null;
    }

    @Override
    public Tuple2<Integer, Rows> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Tuple2<Integer, Rows> taken = next;
      next = null;
      return taken;
    }

    private Tuple2<Integer, Rows> rows(int number) {
      int[] images = subsets[number];
      int begin = place(images, chunk.first());
      int end = place(images, chunk.first() + chunk.among(membership.images()));
      if (begin == end) {
        return null;
      }
      int width = chunk.width(request);
      float[] values = new float[(end - begin) * width];
      for (int i = begin; i < end; i++) {
        int row = (int) (images[i] - chunk.first());
        System.arraycopy(chunk.values()[request], row * width, values, (i - begin) * width, width);
      }
      return new Tuple2<>(
          number, new Rows(membership.side(), begin, end - begin, PackedFloats.of(values)));
    }

    /** Place of the first image that is not before a number. */
    private static int place(int[] images, long number) {
      int found = Arrays.binarySearch(images, (int) Math.min(number, Integer.MAX_VALUE));
      return found >= 0 ? found : -found - 1;
    }
  }
}

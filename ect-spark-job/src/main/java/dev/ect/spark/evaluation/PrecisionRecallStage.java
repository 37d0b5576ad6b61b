package dev.ect.spark.evaluation;

import dev.ect.model.metrics.Neighbours;
import dev.ect.model.metrics.SmallestDistances;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple2;

/**
 * Improved precision and recall as stages over pairs of blocks (Kynkäänniemi et al., arXiv
 * 1904.06991). Blocks lie on the executors' disks; a task holds two of them and the distances
 * between two slices, so that its memory does not depend on the number of images.
 */
final class PrecisionRecallStage {
  /** Images of a block, which is read as a whole: 64 MiB of 4096 features. */
  private static final int BLOCK = 4096;

  /** Images of a slice, whose distances from another one are computed at once: 4 MiB. */
  private static final int SLICE = 1024;

  private final SetFeatures real;
  private final SetFeatures generated;
  private final int k;
  private final int threads;
  private final int block;
  private final Cut cut;

  /**
   * @param k neighbour whose distance is an image's radius
   * @param threads of a task; 0 for all cores of the executor
   */
  PrecisionRecallStage(SetFeatures real, SetFeatures generated, int k, int threads) {
    this(real, generated, k, threads, BLOCK, SLICE);
  }

  /** As above, with other cuts; a block is a number of whole slices. */
  PrecisionRecallStage(
      SetFeatures real, SetFeatures generated, int k, int threads, int block, int slice) {
    this.real = real;
    this.generated = generated;
    this.k = k;
    this.threads = threads;
    this.block = block;
    cut = new Cut(block / slice, slice);
  }

  /**
   * Both, in [0, 1].
   *
   * @param precision share of the generated images that lie within the radius of a real one
   * @param recall share of the real images that lie within the radius of a generated one
   */
  record Result(double precision, double recall) {}

  /**
   * Which slice, in a shuffle.
   *
   * @param generated whether it holds generated images; no enum, whose hash code is another one in
   *     every JVM
   * @param number of the slice in its set
   */
  private record Slice(boolean generated, int number) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  /** How many pairs of blocks are compared. */
  long pairs() {
    long reals = blocks(real);
    long fakes = blocks(generated);
    return reals * (reals + 1) / 2 + fakes * (fakes + 1) / 2 + reals * fakes;
  }

  private long blocks(SetFeatures features) {
    return (features.count() + block - 1L) / block;
  }

  /**
   * Computes both.
   *
   * @param done counts pairs of blocks
   */
  Result run(LongAccumulator done) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(real.chunks().context());
    JavaRDD<FeatureBlock> reals =
        FeatureBlock.gather(real, block).persist(StorageLevel.DISK_ONLY());
    JavaRDD<FeatureBlock> fakes =
        FeatureBlock.gather(generated, block).persist(StorageLevel.DISK_ONLY());
    Broadcast<Radii> radii = null;
    try {
      radii = spark.broadcast(new Radii(radii(reals, done), radii(fakes, done)));
      List<Tuple2<Slice, Integer>> covered =
          reals
              .cartesian(fakes)
              .flatMapToPair(new Cover(radii, cut, threads, done))
              .reduceByKey(PrecisionRecallStage::or, reals.getNumPartitions())
              .mapValues(BitSet::cardinality)
              .collect();
      return new Result(
          (double) count(covered, true) / generated.count(),
          (double) count(covered, false) / real.count());
    } finally {
      if (!spark.sc().isStopped()) {
        reals.unpersist(false);
        fakes.unpersist(false);
        if (radii != null) {
          radii.destroy();
        }
      }
    }
  }

  private static int count(List<Tuple2<Slice, Integer>> covered, boolean generated) {
    return covered.stream()
        .filter(each -> each._1().generated() == generated)
        .mapToInt(Tuple2::_2)
        .sum();
  }

  private static BitSet or(BitSet a, BitSet b) {
    BitSet both = (BitSet) a.clone();
    both.or(b);
    return both;
  }

  /** How blocks are cut: {@code perBlock} slices of {@code rows} images. */
  private record Cut(int perBlock, int rows) implements Serializable {
    private static final long serialVersionUID = 1L;

    List<FeatureBlock> slices(FeatureBlock block) {
      return block.cut(perBlock, rows);
    }
  }

  /** The squared radii of both sets, by slice. */
  private record Radii(Map<Integer, float[]> real, Map<Integer, float[]> generated)
      implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  private Map<Integer, float[]> radii(JavaRDD<FeatureBlock> blocks, LongAccumulator done) {
    // A copy, since Spark's own map cannot be serialised again.
    return new HashMap<>(
        blocks
            .cartesian(blocks)
            .filter(pair -> pair._1().number() <= pair._2().number())
            .flatMapToPair(new Within(cut, k, threads, done))
            .reduceByKey(SmallestDistances::merge, blocks.getNumPartitions())
            .mapValues(SmallestDistances::radii)
            .collectAsMap());
  }

  /** The smallest distances between two blocks of a set, by slice. */
  private record Within(Cut cut, int k, int threads, LongAccumulator done)
      implements PairFlatMapFunction<
          Tuple2<FeatureBlock, FeatureBlock>, Integer, SmallestDistances> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Tuple2<Integer, SmallestDistances>> call(
        Tuple2<FeatureBlock, FeatureBlock> pair) {
      List<FeatureBlock> others = cut.slices(pair._2());
      Map<Integer, SmallestDistances> smallest = new LinkedHashMap<>();
      for (FeatureBlock a : cut.slices(pair._1())) {
        for (FeatureBlock b : others) {
          if (a.number() <= b.number()) {
            add(a, b, smallest);
          }
        }
      }
      done.add(1L);
      return smallest.entrySet().stream()
          .map(each -> new Tuple2<>(each.getKey(), each.getValue()))
          .iterator();
    }

    private void add(FeatureBlock a, FeatureBlock b, Map<Integer, SmallestDistances> smallest) {
      float[] distances =
          Neighbours.squaredDistances(
              a.values(),
              a.rows(),
              (long) a.number() * cut.rows(),
              b.values(),
              b.rows(),
              (long) b.number() * cut.rows(),
              TaskDevice.threads(threads));
      of(a, smallest).add(distances, b.rows());
      if (a.number() != b.number()) {
        of(b, smallest).add(transposed(distances, a.rows(), b.rows()), a.rows());
      }
    }

    private SmallestDistances of(FeatureBlock slice, Map<Integer, SmallestDistances> smallest) {
      return smallest.computeIfAbsent(
          slice.number(), number -> new SmallestDistances(slice.rows(), k));
    }
  }

  /** Which images of a real and a generated block lie within a radius of the other block. */
  private record Cover(Broadcast<Radii> radii, Cut cut, int threads, LongAccumulator done)
      implements PairFlatMapFunction<Tuple2<FeatureBlock, FeatureBlock>, Slice, BitSet> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Tuple2<Slice, BitSet>> call(Tuple2<FeatureBlock, FeatureBlock> pair) {
      List<FeatureBlock> generated = cut.slices(pair._2());
      List<Tuple2<Slice, BitSet>> covered = new ArrayList<>();
      for (FeatureBlock r : cut.slices(pair._1())) {
        for (FeatureBlock g : generated) {
          float[] distances =
              Neighbours.squaredDistances(
                  r.values(), r.rows(), g.values(), g.rows(), TaskDevice.threads(threads));
          BitSet reals =
              Neighbours.covered(distances, r.rows(), radii.value().generated().get(g.number()));
          BitSet fakes =
              Neighbours.covered(
                  transposed(distances, r.rows(), g.rows()),
                  g.rows(),
                  radii.value().real().get(r.number()));
          covered.add(new Tuple2<>(new Slice(false, r.number()), reals));
          covered.add(new Tuple2<>(new Slice(true, g.number()), fakes));
        }
      }
      done.add(1L);
      return covered.iterator();
    }
  }

  private static float[] transposed(float[] matrix, int rows, int columns) {
    float[] transposed = new float[matrix.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        transposed[j * rows + i] = matrix[i * columns + j];
      }
    }
    return transposed;
  }
}

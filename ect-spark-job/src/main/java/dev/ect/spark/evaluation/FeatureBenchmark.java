package dev.ect.spark.evaluation;

import dev.ect.model.io.Store;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.model.metrics.FrechetDistance;
import dev.ect.model.metrics.Metric;
import dev.ect.spark.report.HeapWatch;
import dev.ect.spark.report.StageProgress;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/** Times on Spark what becomes of features after the detectors, with synthetic ones. */
public final class FeatureBenchmark {
  private static final int BATCH = 64;
  private static final double NANOS = 1e9;

  private final JavaSparkContext spark;
  private final PrintStream out;
  private final int images;
  private final int width;
  private final int executors;
  private final int threads;

  /**
   * @param out for progress
   * @param images of each set
   * @param width features of an image
   * @param executors tasks at a time
   * @param threads of a task; 0 for all cores of the executor
   */
  public FeatureBenchmark(
      JavaSparkContext spark, PrintStream out, int images, int width, int executors, int threads) {
    this.spark = spark;
    this.out = out;
    this.images = images;
    this.width = width;
    this.executors = executors;
    this.threads = threads;
  }

  /**
   * An FID.
   *
   * @param sumSeconds from features on disk to mean and covariance
   * @param distanceSeconds from two means and covariances to the distance
   * @param fid the distance
   * @param heapMib most that this JVM's heap held after a collection
   */
  public record Fid(double sumSeconds, double distanceSeconds, double fid, double heapMib) {}

  /**
   * Precision and recall.
   *
   * @param seconds from features on disk to both
   * @param heapMib most that this JVM's heap held after a collection
   */
  public record PrecisionRecall(double seconds, double precision, double recall, double heapMib) {}

  /**
   * Times an FID.
   *
   * @param folder gets the features ({@code generated.f32}: float32 rows, little-endian) and the
   *     real statistics ({@code real.npz}), for others to do the same; null for nowhere
   */
  public Fid fid(Store store, String folder) throws IOException {
    FeatureStatistics real = statistics(features(1, 0.02));
    JavaRDD<FeatureChunk> generated = features(2, 0).persist(StorageLevel.DISK_ONLY());
    generated.count();
    if (folder != null) {
      real.write(store, Store.join(folder, "real.npz"));
      store.write(
          Store.join(folder, "generated.f32"), out -> export(generated.toLocalIterator(), out));
    }
    try (HeapWatch heap = HeapWatch.start()) {
      long begin = System.nanoTime();
      FeatureStatistics found = statistics(generated);
      long summed = System.nanoTime();
      double fid = FrechetDistance.between(found, real, Runtime.getRuntime().availableProcessors());
      long end = System.nanoTime();
      return new Fid((summed - begin) / NANOS, (end - summed) / NANOS, fid, heap.peakMib());
    } finally {
      generated.unpersist(true);
    }
  }

  /** Times precision and recall. */
  public PrecisionRecall precisionRecall() {
    JavaRDD<FeatureChunk> real = features(1, 0.02).persist(StorageLevel.DISK_ONLY());
    JavaRDD<FeatureChunk> generated = features(2, 0).persist(StorageLevel.DISK_ONLY());
    real.count();
    generated.count();
    try (HeapWatch heap = HeapWatch.start()) {
      long begin = System.nanoTime();
      PrecisionRecallStage comparison =
          new PrecisionRecallStage(
              new SetFeatures(real, 0, images),
              new SetFeatures(generated, 0, images),
              Metric.PR_NEIGHBOUR,
              threads);
      PrecisionRecallStage.Result result;
      try (StageProgress progress =
          new StageProgress(spark.sc(), out, "comparing", comparison.pairs(), "pairs of blocks")) {
        result = comparison.run(progress.counter());
        progress.finished();
      }
      double seconds = (System.nanoTime() - begin) / NANOS;
      return new PrecisionRecall(seconds, result.precision(), result.recall(), heap.peakMib());
    } finally {
      real.unpersist(true);
      generated.unpersist(true);
    }
  }

  private JavaRDD<FeatureChunk> features(long set, double shift) {
    List<ImageRange> batches = new ImageRange(0, images).batches(BATCH);
    return spark
        .parallelize(batches, FeatureStage.partitions(spark, batches.size(), images, executors))
        .map(new SyntheticFeatures(set << 40, width, shift));
  }

  private FeatureStatistics statistics(JavaRDD<FeatureChunk> chunks) {
    PassSums.Wanted all = new PassSums.Wanted(0, images, false);
    return FeatureStage.reduce(chunks, List.of(all)).moments(all).statistics(CovarianceDivisor.N);
  }

  private static void export(Iterator<FeatureChunk> chunks, OutputStream out) throws IOException {
    while (chunks.hasNext()) {
      float[] rows = chunks.next().values()[0];
      ByteBuffer bytes =
          ByteBuffer.allocate(rows.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(rows);
      out.write(bytes.array());
    }
  }
}

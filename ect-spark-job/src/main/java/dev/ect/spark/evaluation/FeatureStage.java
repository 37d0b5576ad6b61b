package dev.ect.spark.evaluation;

import dev.ect.spark.report.StageProgress;
import java.io.PrintStream;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/**
 * Spark stages that compute features of images, a task per executor at a time, and reduce them.
 * What an executor that is lost had finished is not lost with it, but for what only it had kept.
 */
final class FeatureStage {
  /** Tasks per executor: an executor that is lost costs part of its work only. */
  private static final int TASKS = 4;

  /** Images of a task at most, whatever executors are there yet. */
  private static final int MOST_OF_A_TASK = 4096;

  private static final int DEPTH = 2;

  private final JavaSparkContext spark;
  private final PrintStream out;
  private final int executors;
  private final int threads;

  /**
   * @param executors that are expected
   * @param threads CPU threads of a task; 0 for all cores of the executor
   */
  FeatureStage(JavaSparkContext spark, PrintStream out, int executors, int threads) {
    this.spark = spark;
    this.out = out;
    this.executors = executors;
    this.threads = threads;
  }

  /**
   * A pass over a set of images.
   *
   * @param work for people, such as {@code generating}
   * @param unit for people, such as {@code images}
   * @param images of the source
   * @param batch images per batch
   * @param requests what to compute
   * @param sums what to reduce
   * @param keep whether to keep the features, for what cannot be reduced to sums
   */
  record Pass(
      String work,
      String unit,
      ImageSource source,
      ImageRange images,
      int batch,
      List<FeatureRequest> requests,
      List<PassSums.Wanted> sums,
      boolean keep) {}

  /**
   * What a pass has left.
   *
   * @param chunks kept on the executors' disks where that was asked for
   */
  record Done(PassSums sums, JavaRDD<FeatureChunk> chunks) implements AutoCloseable {
    /** Lets the kept features go. */
    @Override
    public void close() {
      if (!chunks.context().isStopped()) {
        chunks.unpersist(false);
      }
    }
  }

  /** Runs a pass; the caller closes what it leaves. */
  Done run(Pass pass, Detectors detectors) {
    List<ImageRange> batches = pass.images().batches(pass.batch());
    int partitions = partitions(spark, batches.size(), pass.images().count(), executors);
    try (StageProgress progress =
        new StageProgress(spark.sc(), out, pass.work(), pass.images().count(), pass.unit())) {
      FeatureTask task =
          new FeatureTask(
              pass.source(),
              detectors,
              pass.requests(),
              pass.images().first(),
              threads,
              progress.counter());
      JavaRDD<FeatureChunk> chunks = spark.parallelize(batches, partitions).mapPartitions(task);
      if (pass.keep()) {
        chunks.persist(StorageLevel.DISK_ONLY());
      }
      PassSums sums = reduce(chunks, pass.sums());
      progress.finished();
      return new Done(sums, chunks);
    }
  }

  /** As many tasks as there is work for: a few for each executor that is there or expected. */
  static int partitions(JavaSparkContext spark, int batches, long images, int executors) {
    int there = spark.sc().isLocal() ? 0 : spark.sc().getExecutorMemoryStatus().size() - 1;
    long wanted = Math.max((long) TASKS * Math.max(executors, there), images / MOST_OF_A_TASK);
    return (int) Math.min(batches, wanted);
  }

  /** Reduces features to sums, in a tree. */
  static PassSums reduce(JavaRDD<FeatureChunk> chunks, List<PassSums.Wanted> sums) {
    return chunks.treeAggregate(new PassSums(sums), PassSums::add, PassSums::merge, DEPTH);
  }
}

package dev.ect.spark.conversion;

import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.convert.Conversion;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.StageFailure;
import dev.ect.spark.report.StageProgress;
import dev.ect.spark.report.WorkProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Converts images on Spark's executors. Tasks write parts of the dataset into a folder that all
 * reach; the driver puts them together in order. The result is the same, byte by byte, as that of
 * one process.
 *
 * @param conversion of all images
 * @param folder for the parts; whoever gave it deletes it
 * @param executors that are expected
 * @param threads CPU threads of a task; 0 for all cores of the executor
 */
public record ConversionStage(Conversion conversion, String folder, int executors, int threads) {
  private static final int MOST_OF_A_TASK = 1024;

  /** Tasks per executor, so that none of them waits long for the last. */
  private static final int TASKS = 4;

  /** Asked now and then; what it throws ends the work. */
  @FunctionalInterface
  public interface Interruption {
    /** Throws if the work is to stop. */
    void check() throws IOException;
  }

  /**
   * Converts.
   *
   * @param dest the dataset, a {@code .zip} or else a folder
   * @param out for progress
   * @throws dev.ect.spark.config.UserError if something is wrong with the images
   */
  public EdmDatasetWriter.Written run(
      JavaSparkContext spark,
      HadoopStore store,
      String dest,
      PrintStream out,
      Interruption interruption)
      throws IOException {
    EdmDatasetWriter.requireFree(store, dest);
    List<Conversion> parts = parts();
    List<String> shards;
    spark.setJobDescription("converting images");
    try (StageProgress progress =
        new StageProgress(spark.sc(), out, "converting", conversion.source().count(), "images")) {
      ShardTask task = new ShardTask(store, folder, threads, progress.counter());
      interruption.check();
      shards = spark.parallelize(parts, parts.size()).map(task).collect();
    } catch (Exception e) {
      interruption.check();
      throw StageFailure.explained(e);
    }
    try (WorkProgress progress = new WorkProgress(out, "joining", shards.size(), "parts")) {
      return EdmDatasetWriter.write(
          store,
          dest,
          writer -> {
            for (int i = 0; i < shards.size(); i++) {
              interruption.check();
              writer.addAll(store, shards.get(i));
              store.delete(shards.get(i));
              progress.show(i + 1L);
            }
          });
    }
  }

  private List<Conversion> parts() {
    int count = conversion.source().count();
    int size = Math.max(1, Math.min(MOST_OF_A_TASK, count / (TASKS * executors)));
    List<Conversion> parts = new ArrayList<>();
    for (int from = 0; from < count; from += size) {
      parts.add(conversion.slice(from, (int) Math.min(count, (long) from + size)));
    }
    return parts;
  }
}

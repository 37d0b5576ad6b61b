package dev.ect.spark.conversion;

import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.convert.Conversion;
import dev.ect.model.io.Store;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.TaskDevice;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Locale;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.util.LongAccumulator;

/**
 * Converts a part of the images and writes them as a dataset of their own: a zip whose name it
 * returns. Every attempt of a task has a name of its own, so that one that is repeated, or runs
 * twice, disturbs no other.
 *
 * @param store where it is written
 * @param folder for all parts
 * @param threads as planned; 0 for all cores of the executor
 * @param done counts images of the source
 */
record ShardTask(HadoopStore store, String folder, int threads, LongAccumulator done)
    implements Function<Conversion, String> {
  private static final long serialVersionUID = 1L;

  @Override
  public String call(Conversion part) throws IOException {
    TaskContext context = TaskContext.get();
    String file =
        Store.join(
            folder,
            String.format(
                Locale.ROOT, "%06d-%d.zip", context.partitionId(), context.taskAttemptId()));
    EdmDatasetWriter.write(
        store,
        file,
        writer ->
            part.addTo(
                writer,
                store,
                TaskDevice.of(context, threads).threads(),
                () -> {
                  if (context.isInterrupted()) {
                    throw new InterruptedIOException("the task was cancelled");
                  }
                  done.add(1);
                }));
    return file;
  }
}

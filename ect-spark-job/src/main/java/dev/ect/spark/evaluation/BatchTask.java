package dev.ect.spark.evaluation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A task that works on batches of images one at a time, as its results are asked for. What it has
 * open it closes when Spark ends it.
 */
abstract class BatchTask<T> implements FlatMapFunction<Iterator<ImageRange>, T> {
  private static final long serialVersionUID = 1L;

  private final int threads;
  private final LongAccumulator done;

  /**
   * @param threads CPU threads as planned; 0 for all cores of the executor
   * @param done counts images
   */
  BatchTask(int threads, LongAccumulator done) {
    this.threads = threads;
    this.done = done;
  }

  /** What is open in a task; used by one thread. */
  interface Work<T> extends AutoCloseable {
    /** Works on a batch. */
    T compute(ImageRange batch) throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Opens what the task works with. */
  abstract Work<T> open(TaskDevice device) throws IOException;

  @Override
  public final Iterator<T> call(Iterator<ImageRange> batches) throws IOException {
    if (!batches.hasNext()) {
      return List.<T>of().iterator();
    }
    TaskContext context = TaskContext.get();
    Work<T> work = open(TaskDevice.of(context, threads));
    context.addTaskCompletionListener((TaskCompletionListener) ended -> close(work));
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return batches.hasNext();
      }

      @Override
      public T next() {
        try {
          ImageRange batch = batches.next();
          T result = work.compute(batch);
          done.add(batch.count());
          return result;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  private static void close(Work<?> work) {
    try {
      work.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

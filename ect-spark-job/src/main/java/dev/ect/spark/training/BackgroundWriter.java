package dev.ect.spark.training;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes files on a thread of its own, one task at a time. Used by one thread. */
final class BackgroundWriter implements AutoCloseable {
  /** What is to be written. */
  @FunctionalInterface
  interface Task {
    void write() throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(BackgroundWriter.class);

  private final Duration patience;
  private final ExecutorService thread;
  private Future<?> underWay;

  /**
   * @param patience how long {@link #close} waits for the task under way
   */
  BackgroundWriter(Duration patience) {
    this.patience = patience;
    thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(task, "ect-checkpoints");
              made.setDaemon(true);
              return made;
            });
  }

  /**
   * Begins a task once the one before is done.
   *
   * @throws IOException if the one before has failed; this one is not begun then
   */
  void begin(Task task) throws IOException, InterruptedException {
    await();
    underWay =
        thread.submit(
            () -> {
              task.write();
              return null;
            });
  }

  /**
   * Waits until nothing is under way.
   *
   * @throws IOException if the last task has failed; it is thrown once
   */
  void await() throws IOException, InterruptedException {
    if (underWay == null) {
      return;
    }
    try {
      underWay.get();
      underWay = null;
    } catch (ExecutionException e) {
      underWay = null;
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException("cannot write a checkpoint: " + e.getCause(), e.getCause());
    }
  }

  /** Throws what the last task has failed with, if it has ended; does not wait. */
  void check() throws IOException, InterruptedException {
    if (underWay != null && underWay.isDone()) {
      await();
    }
  }

  /** Waits for the task under way, and gives it up after a while. Its failure is logged only. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (thread.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        await();
      } else {
        LOG.warn("a checkpoint was not written within {} s; it is given up", patience.toSeconds());
      }
    } catch (IOException e) {
      LOG.warn("a checkpoint was not written", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      thread.shutdownNow();
    }
  }
}

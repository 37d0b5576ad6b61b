package dev.ect.spark.training;

import dev.ect.model.io.Store;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * Turns Ctrl-C and SIGTERM into a stop file, and holds the end of the process back until the run
 * has stopped with a checkpoint. Hadoop's hooks run by priority, Spark's own among them with 40 and
 * 50: a higher one comes first.
 */
final class StopOnSignal implements AutoCloseable {
  private static final int BEFORE_SPARK = 100;
  private static final long PATIENCE_MINUTES = 10;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable hook;

  StopOnSignal(Store store, String stopFile, PrintStream out) {
    hook =
        () -> {
          out.println("stopping at the next step, with a checkpoint");
          try {
            store.write(stopFile, file -> {});
            if (!ended.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
              out.println("the run did not stop within " + PATIENCE_MINUTES + " minutes");
            }
          } catch (IOException e) {
            out.println("cannot stop in order: " + e.getMessage());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    ShutdownHookManager.get()
        .addShutdownHook(hook, BEFORE_SPARK, PATIENCE_MINUTES, TimeUnit.MINUTES);
  }

  @Override
  public void close() {
    ended.countDown();
    if (!ShutdownHookManager.get().isShutdownInProgress()) {
      ShutdownHookManager.get().removeShutdownHook(hook);
    }
  }
}

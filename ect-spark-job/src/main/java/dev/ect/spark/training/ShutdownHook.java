package dev.ect.spark.training;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a run that the process is about to end (Ctrl-C, SIGTERM, Spark's own end), and holds the
 * end back until the run has stopped in order. Hadoop's hooks run by priority, Spark's own among
 * them with 40 and 50 and those of file systems with 10: a higher one comes first.
 */
public final class ShutdownHook implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShutdownHook.class);
  private static final int BEFORE_SPARK = 100;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable hook;

  /**
   * Waits for the end.
   *
   * @param tell asks the run to stop
   * @param patience how long the run may take
   */
  public ShutdownHook(Runnable tell, Duration patience) {
    hook =
        () -> {
          tell.run();
          try {
            if (!ended.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
              LOG.warn("the run did not stop within {} s", patience.toSeconds());
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    try {
      ShutdownHookManager.get()
          .addShutdownHook(hook, BEFORE_SPARK, patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IllegalStateException e) {
      LOG.debug("the process is ending already", e);
      tell.run();
    }
  }

  /** Lets the process end. */
  @Override
  public void close() {
    ended.countDown();
    try {
      if (!ShutdownHookManager.get().isShutdownInProgress()) {
        ShutdownHookManager.get().removeShutdownHook(hook);
      }
    } catch (IllegalStateException e) {
      LOG.debug("the process has begun to end", e);
    }
  }
}

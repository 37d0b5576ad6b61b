package dev.ect.spark.api;

import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.JobGroup;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.util.UUID;
import org.apache.spark.SparkContext;

/** Work on a Spark that somebody waits for. */
record Calls(SparkContext spark) {
  @FunctionalInterface
  interface Work<T> {
    T get() throws IOException;
  }

  /** Works in a job group of its own, which an interruption of this thread cancels. */
  <T> T call(String what, Work<T> work) {
    SparkContexts.requireUsable(spark);
    String id = "ect " + UUID.randomUUID();
    try (JobGroup group = new JobGroup(spark, id, what)) {
      return work.get();
    } catch (Exception e) {
      if (!isInterruption(e)) {
        throw explained(e);
      }
      if (!spark.isStopped()) {
        spark.cancelJobGroup(id);
      }
      Thread.currentThread().interrupt();
      throw new UserError(what + " was interrupted");
    }
  }

  private static boolean isInterruption(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptedException) {
        return true;
      }
    }
    return Thread.currentThread().isInterrupted();
  }

  /** To be thrown: a line where the user can put it right. */
  static RuntimeException explained(Exception e) {
    Exception explained = Failures.explained(e);
    return explained instanceof RuntimeException runtime
        ? runtime
        : new IllegalStateException(explained);
  }
}

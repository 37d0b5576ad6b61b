package dev.ect.spark.evaluation;

import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.io.BadFileException;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.SparkReason;
import java.io.FileNotFoundException;
import org.apache.spark.SparkException;

/** What went wrong in a task, as the driver tells it. */
public final class StageFailure {
  private StageFailure() {}

  /**
   * What to throw: a user's mistake that a task has met as its line alone, Spark's failure as a
   * {@link StageLostException} of one line, and anything else as it is.
   */
  public static RuntimeException explained(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UserError error) {
        return error;
      }
      if (cause instanceof BadFileException
          || cause instanceof FileNotFoundException
          || cause instanceof EngineUnavailableException) {
        return new UserError(line(cause));
      }
    }
    if (e instanceof RuntimeException runtime && !hasSpark(e)) {
      return runtime;
    }
    return new StageLostException(line(e), e);
  }

  private static boolean hasSpark(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SparkException) {
        return true;
      }
    }
    return false;
  }

  private static String line(Throwable e) {
    String said = SparkReason.of(e.getMessage());
    return said.isEmpty() ? e.toString() : said;
  }
}

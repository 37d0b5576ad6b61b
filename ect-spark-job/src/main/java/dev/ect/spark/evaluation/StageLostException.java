package dev.ect.spark.evaluation;

/** Spark has given a stage up: executors were lost again and again, or it was cancelled. */
public final class StageLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StageLostException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.ect.spark.training;

/** A run cannot go on. The message is one line for the user. */
final class TrainingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TrainingException(String message) {
    super(message);
  }
}

package dev.ect.spark.training;

/** A replica is gone from its executor, and no training state is of the step it had reached. */
final class ReplicaLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ReplicaLostException(String message) {
    super(message);
  }
}

package dev.ect.spark.report;

import java.util.Locale;

/** What a replica's time goes to. */
public enum Phase {
  /** Waiting for images. */
  READ,
  /** Forward and backward passes. */
  COMPUTE,
  /** Sending and summing gradients or updates; waiting as well where it cannot be told apart. */
  EXCHANGE,
  /** Waiting for other replicas. */
  WAIT,
  /** Optimiser and EMA. */
  UPDATE,
  /** Checkpoints and sample grids. */
  CHECKPOINT;

  /** Its name in logs, metrics and charts. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;

/**
 * How the replicas of a run agree on every step. All ranks call the same methods in the same order;
 * each call returns when all have made it, or throws when one has gone silent or given up. Used by
 * one thread.
 */
public interface GradientExchange extends AutoCloseable {
  /** This replica's number, from 0. */
  int rank();

  /** Number of replicas. */
  int world();

  /**
   * Replaces this replica's share of the gradient by the sum of all shares, the same bits on every
   * rank. Shares are already divided by the size of the global batch, so the sum is the gradient of
   * the mean.
   *
   * @param gradient flat vector, changed in place
   */
  void average(Tensor gradient);

  /** Whether any rank says so: the common decision to stop, or to give up. */
  boolean any(boolean mine);

  /**
   * Tells the other ranks that this one gives up, so that they do not wait for it.
   *
   * @param reason one line for their error messages
   */
  void abort(String reason);

  @Override
  void close();
}

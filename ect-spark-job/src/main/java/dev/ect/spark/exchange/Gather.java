package dev.ect.spark.exchange;

import java.util.List;

/**
 * Collects bytes between the replicas of a run; what exchanges are built on. All ranks make the
 * same calls in the same order. Used by one thread.
 */
interface Gather extends AutoCloseable {
  /** This replica's number, from 0. */
  int rank();

  /** Number of replicas. */
  int world();

  /**
   * Collects bytes from all ranks; their lengths may differ.
   *
   * @return those of all ranks, by rank
   * @throws ExchangeException if a rank has gone silent or given up
   */
  List<byte[]> gather(byte[] mine);

  /** What has travelled so far. */
  Traffic traffic();

  /** Nanoseconds that this rank has had nothing to do so far but to wait for the others. */
  long waitedNanos();

  /**
   * Tells the other ranks that this one gives up.
   *
   * @param reason one line for their error messages
   */
  void abort(String reason);

  @Override
  void close();
}

package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;
import java.util.List;

/**
 * How the replicas of a run agree on every step. All ranks call the same methods in the same order.
 * Each wait ends when all ranks have made the call, or with an {@link ExchangeException} when one
 * has gone silent or given up. Used by one thread.
 */
public interface GradientExchange extends AutoCloseable {
  /** This replica's number, from 0. */
  int rank();

  /** Number of replicas. */
  int world();

  /**
   * Begins to replace this replica's share of a gradient, or of an update, by the sum of all
   * shares. Shares are already weighted, those of a gradient by the size of the global batch, so
   * that the sum is the gradient of the mean.
   *
   * @param share flat vector; the exchange may read from it what {@link #ready} says, and writes to
   *     it in {@link #finish} only
   */
  void begin(Tensor share);

  /**
   * Says that a part of the share will not change any more and may be sent. Does not wait.
   *
   * @param from first value of that part, which reaches to the vector's end; falls from call to
   *     call
   */
  void ready(long from);

  /**
   * Says that all of the share is ready, and waits for the sum, the same bits on every rank.
   *
   * @param note a few bytes that travel to all ranks with the share
   * @return the notes of all ranks, by rank
   */
  List<byte[]> finish(byte[] note);

  /**
   * Collects bytes from all ranks.
   *
   * @return those of all ranks, by rank
   */
  List<byte[]> gather(byte[] mine);

  /** What has travelled so far. */
  Traffic traffic();

  /** Nanoseconds that this rank has had nothing to do so far but to wait for the others. */
  long waitedNanos();

  /**
   * Tells the other ranks that this one gives up, so that they do not wait for it.
   *
   * @param reason one line for their error messages
   */
  void abort(String reason);

  @Override
  void close();
}

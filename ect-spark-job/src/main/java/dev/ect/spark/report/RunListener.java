package dev.ect.spark.report;

import java.io.IOException;

/**
 * Hears of a run what its directory says too: {@code stats.jsonl}, {@code metric-*.jsonl} and the
 * sample grids are the source of all numbers and images. Called by one thread: {@link #begun}
 * first, {@link #ended} last. What it throws does not concern the run.
 */
public interface RunListener {
  /** The run begins or goes on; its directory is there. */
  default void begun(RunStart start) throws IOException, InterruptedException {}

  /** A tick has ended; its line is in {@code stats.jsonl}. */
  default void tick(StatsLine tick) throws IOException, InterruptedException {}

  /**
   * Ticks are about to be repeated: they are no longer in {@code stats.jsonl}.
   *
   * @param images processed by the ticks that stay
   */
  default void rewound(long images) throws IOException, InterruptedException {}

  /** Sample grids, checkpoints or the timeline may have changed. */
  default void saved() throws IOException, InterruptedException {}

  /** An evaluation's results are in {@code metric-*.jsonl}. */
  default void evaluated() throws IOException, InterruptedException {}

  /** Nothing comes after this. */
  default void ended(RunEnd end) throws IOException, InterruptedException {}
}

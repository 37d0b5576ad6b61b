package dev.ect.spark.training;

import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.TickStats;

/** Hears how a run gets on, on threads of the run and of Spark: whatever it does must be quick. */
public interface RunObserver {
  /** Hears nothing. */
  RunObserver NONE = new RunObserver() {};

  /**
   * The run begins, or goes on.
   *
   * @param directory where its results go
   */
  default void began(RunDirectory directory) {}

  /** The first replica has come further; told with Spark's heartbeats, so not for every step. */
  default void progress(LiveProgress progress) {}

  /** A tick has ended, told for each, in order. */
  default void tick(TickStats tick) {}
}

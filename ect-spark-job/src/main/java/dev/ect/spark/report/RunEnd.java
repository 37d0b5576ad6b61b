package dev.ect.spark.report;

/** How a start of a run ended. */
public enum RunEnd {
  /** All steps are done. */
  FINISHED,
  /** It was asked to stop, and can go on. */
  STOPPED,
  /** It failed. */
  FAILED
}

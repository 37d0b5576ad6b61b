package dev.ect.spark.report;

import java.io.Serializable;

/**
 * Where a replica is while a segment runs.
 *
 * @param step optimiser steps done
 * @param loss mean loss of the latest step
 * @param secondsPerStep mean over this segment
 */
public record LiveProgress(long step, double loss, double secondsPerStep) implements Serializable {
  private static final long serialVersionUID = 1L;
}

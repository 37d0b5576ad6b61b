package dev.ect.spark.report;

import java.io.Serializable;
import java.util.List;

/**
 * Where a replica is while a segment runs.
 *
 * @param gang number of the replica's gang
 * @param segmentStep optimiser steps done when the segment began
 * @param rank of the replica
 * @param place its executor and host, for people
 * @param step optimiser steps done
 * @param loss mean loss of the latest step, over all replicas
 * @param secondsPerStep mean over this segment
 * @param ticks those that ended in this segment
 * @param log what the executor has logged in this segment
 */
public record LiveProgress(
    int gang,
    long segmentStep,
    int rank,
    String place,
    long step,
    double loss,
    double secondsPerStep,
    List<TickStats> ticks,
    LogLines log)
    implements Serializable {
  private static final long serialVersionUID = 1L;
}

package dev.ect.spark.training;

import dev.ect.model.tuning.Progress;
import dev.ect.spark.report.LogLines;
import dev.ect.spark.report.TickStats;
import java.io.Serializable;
import java.util.List;

/**
 * What a replica did in a segment.
 *
 * @param rank of the replica
 * @param location the executor, as Spark's preferred locations name it
 * @param place the executor and host, for people
 * @param log what the executor has logged in the segment
 * @param outcome how it ended
 * @param reason one line that says why, where the replica failed or was lost; else empty
 * @param step optimiser steps done
 * @param images images processed
 * @param engine what computed, in words
 * @param notes lines for the run's log
 * @param ticks the ticks that ended
 * @param firstLoss mean loss of the segment's first step; NaN if it did none
 */
record SegmentResult(
    int rank,
    String location,
    String place,
    LogLines log,
    Outcome outcome,
    String reason,
    long step,
    long images,
    String engine,
    List<String> notes,
    List<TickStats> ticks,
    double firstLoss)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How a replica's segment ended. */
  enum Outcome {
    /** With a checkpoint: at the segment's end, or earlier because an executor has to leave. */
    DONE,
    /** With a checkpoint, because the user asked for it. */
    STOPPED,
    /** The run cannot go on: trying again would end the same way. */
    FAILED,
    /** Another try may succeed. */
    LOST
  }

  /** A segment without a result. */
  static SegmentResult none(int rank, Segment segment, Outcome outcome, String reason) {
    return new SegmentResult(
        rank,
        "",
        "",
        LogLines.NONE,
        outcome,
        reason,
        segment.fromStep(),
        segment.fromImages(),
        "",
        List.of(),
        List.of(),
        Double.NaN);
  }

  SegmentResult at(String where, LiveFeed feed) {
    return new SegmentResult(
        rank,
        where,
        feed.place(),
        feed.log(),
        outcome,
        reason,
        step,
        images,
        engine,
        notes,
        ticks,
        firstLoss);
  }

  Progress progress() {
    return new Progress(step, images);
  }
}

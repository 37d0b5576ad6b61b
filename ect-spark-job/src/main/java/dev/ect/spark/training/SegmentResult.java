package dev.ect.spark.training;

import dev.ect.model.tuning.Progress;
import dev.ect.spark.report.TickStats;
import java.io.Serializable;
import java.util.List;

/**
 * What a replica did in a segment.
 *
 * @param rank of the replica
 * @param step optimiser steps done
 * @param images images processed
 * @param stopped whether the user asked it to stop before the end
 * @param engine what computed, in words
 * @param notes lines for the run's log
 * @param ticks the ticks that ended
 * @param firstLoss mean loss of the segment's first step; NaN if it did none
 * @param failure one line that says why it gave up, or empty
 * @param lost whether it gave up only because the replica is gone and no state is of its step
 * @param location the executor, as Spark's preferred locations name it
 */
record SegmentResult(
    int rank,
    long step,
    long images,
    boolean stopped,
    String engine,
    List<String> notes,
    List<TickStats> ticks,
    double firstLoss,
    String failure,
    boolean lost,
    String location)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  static SegmentResult failed(int rank, Segment segment, String failure) {
    return new SegmentResult(
        rank,
        segment.fromStep(),
        segment.fromImages(),
        false,
        "",
        List.of(),
        List.of(),
        Double.NaN,
        failure,
        false,
        "");
  }

  static SegmentResult lost(int rank, Segment segment) {
    return new SegmentResult(
        rank,
        segment.fromStep(),
        segment.fromImages(),
        false,
        "",
        List.of(),
        List.of(),
        Double.NaN,
        "",
        true,
        "");
  }

  SegmentResult at(String place) {
    return new SegmentResult(
        rank, step, images, stopped, engine, notes, ticks, firstLoss, failure, lost, place);
  }

  Progress progress() {
    return new Progress(step, images);
  }
}

package dev.ect.spark.training;

import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.LogLines;
import dev.ect.spark.report.LogTail;
import dev.ect.spark.report.TickStats;
import java.util.List;

/** What a task tells the driver while it runs a segment. */
final class LiveFeed implements AutoCloseable {
  /** So many lines travel with every message: what is said between two heartbeats, and more. */
  private static final int LINES = 200;

  private final ProgressAccumulator progress;
  private final Gang gang;
  private final Segment segment;
  private final String place;
  private final LogTail tail;
  private final long begin = System.nanoTime();
  private LogLines log = LogLines.NONE;

  /**
   * @param place the executor and host, for people
   * @param withLog whether to tell what this JVM logs
   */
  LiveFeed(
      ProgressAccumulator progress, Gang gang, Segment segment, String place, boolean withLog) {
    this.progress = progress;
    this.gang = gang;
    this.segment = segment;
    this.place = place;
    tail = withLog ? LogTail.open() : null;
  }

  /**
   * After a step.
   *
   * @param ticks those that ended in this segment
   */
  void step(int rank, long step, double loss, List<TickStats> ticks) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    progress.add(
        new LiveProgress(
            gang.number(),
            segment.fromStep(),
            rank,
            place,
            step,
            loss,
            seconds / (step - segment.fromStep()),
            List.copyOf(ticks),
            log()));
  }

  /** What the executor has logged so far. */
  LogLines log() {
    if (tail != null) {
      log = log.and(tail.drain(), LINES);
    }
    return log;
  }

  String place() {
    return place;
  }

  @Override
  public void close() {
    if (tail != null) {
      tail.close();
    }
  }
}

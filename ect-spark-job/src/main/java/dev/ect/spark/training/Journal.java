package dev.ect.spark.training;

import dev.ect.model.io.Store;
import dev.ect.spark.report.ExecutorLogs;
import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.ProgressBar;
import dev.ect.spark.report.RunLog;
import dev.ect.spark.report.TickStats;
import dev.ect.spark.report.TrainingTimeline;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/** What a run says while it goes on, to people and in the files of its directory. */
final class Journal implements AutoCloseable {
  private final Store store;
  private final RunPlan plan;
  private final ProgressBar bar;
  private final RunLog log;
  private final ExecutorLogs executors;
  private final TrainingTimeline timeline = new TrainingTimeline();
  private double lastLoss = Double.NaN;
  private long steps;
  private double seconds;

  /**
   * Goes on with the files that are there.
   *
   * @param out for the lines
   * @param step where the run starts
   */
  Journal(Store store, RunPlan plan, PrintStream out, long step) throws IOException {
    this.store = store;
    this.plan = plan;
    int batch = plan.objective().batch();
    bar = new ProgressBar(ProgressBar.terminal(), out, plan.schedule().totalSteps());
    log = new RunLog(store, plan.directory(), out, bar, step, batch);
    executors = new ExecutorLogs(store, plan.directory());
  }

  /** Says a line. */
  void line(String text) throws IOException {
    log.line(text);
  }

  /** Shows how far the run has come. May be called from any thread. */
  void show(LiveProgress progress) {
    long total = plan.schedule().totalSteps();
    bar.show(progress.step(), progress.text(total, plan.objective().batch()));
  }

  /**
   * Reports a tick.
   *
   * @param ranks what each replica says about it, by rank
   * @param places where each is
   */
  void tick(List<TickStats> ranks, List<String> places) throws IOException {
    TickStats all = TickStats.merge(ranks);
    lastLoss = all.loss();
    steps += all.steps();
    seconds += all.seconds();
    for (int rank = 0; rank < ranks.size(); rank++) {
      timeline.add(rank, places.get(rank), ranks.get(rank));
    }
    log.tick(all);
  }

  /** Keeps what an executor has logged. */
  void logged(String place, List<String> lines) throws IOException {
    executors.add(place, lines);
  }

  /** A segment has ended. */
  void segmentEnded() throws IOException {
    bar.clear();
    timeline.write(store, plan.directory());
  }

  /** Forgets the ticks that ended after a step: they are about to be repeated. */
  void rewind(long step) throws IOException {
    log.rewind(step);
  }

  /** Mean loss of the last tick; NaN if there was none. */
  double lastLoss() {
    return lastLoss;
  }

  /** Over all steps so far; 0 if there was none. */
  double imagesPerSecond() {
    return seconds > 0 ? steps * plan.objective().batch() / seconds : 0;
  }

  @Override
  public void close() throws IOException {
    bar.clear();
    executors.close();
  }
}

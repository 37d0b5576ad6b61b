package dev.ect.spark.training;

import dev.ect.model.io.Store;
import dev.ect.model.tuning.Progress;
import dev.ect.spark.report.BackgroundListener;
import dev.ect.spark.report.ExecutorLogs;
import dev.ect.spark.report.JobMetrics;
import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.ProgressBar;
import dev.ect.spark.report.RunEnd;
import dev.ect.spark.report.RunListener;
import dev.ect.spark.report.RunListeners;
import dev.ect.spark.report.RunLog;
import dev.ect.spark.report.RunStart;
import dev.ect.spark.report.TickStats;
import dev.ect.spark.report.TrainingTimeline;
import dev.ect.spark.report.page.ReportWriter;
import dev.ect.spark.tracking.MlflowListener;
import dev.ect.spark.tracking.TensorBoardListener;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run says while it goes on, to people, in the files of its directory, and to whoever else
 * listens.
 */
final class Journal implements AutoCloseable {
  /** Events that may wait for a listener, and how long the run's end waits for it. */
  private static final int CAPACITY = 10_000;

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final Store store;
  private final RunPlan plan;
  private final ProgressBar bar;
  private final RunLog log;
  private final ExecutorLogs executors;
  private final JobMetrics metrics;
  private final TrainingTimeline timeline = new TrainingTimeline();
  private final RunListeners listeners;
  private final RunObserver observer;
  private final Progress start;
  private RunEnd end = RunEnd.FAILED;
  private double lastLoss = Double.NaN;
  private long steps;
  private double seconds;

  /**
   * Goes on with the files that are there.
   *
   * @param out for the lines
   * @param start where the run starts
   * @param observer hears what is shown and reported
   */
  Journal(Store store, RunPlan plan, PrintStream out, Progress start, RunObserver observer)
      throws IOException {
    this.observer = observer;
    this.store = store;
    this.plan = plan;
    int batch = plan.objective().batch();
    bar = new ProgressBar(ProgressBar.terminal(), out, plan.schedule().totalSteps());
    log = new RunLog(store, plan.directory(), out, bar, start.step(), batch);
    executors = new ExecutorLogs(store, plan.directory());
    metrics = JobMetrics.open(Store.name(plan.directory().path()), batch);
    listeners = new RunListeners(listeners(store, plan));
    this.start = start;
  }

  private static List<BackgroundListener> listeners(Store store, RunPlan plan) {
    List<BackgroundListener> all = new ArrayList<>();
    all.add(inBackground("report", new ReportWriter(store)));
    if (plan.run().tensorboard()) {
      all.add(inBackground("tensorboard", new TensorBoardListener(store)));
    }
    if (!plan.run().mlflow().uri().isEmpty()) {
      all.add(
          inBackground("mlflow", new MlflowListener(store, plan.run().mlflow(), System.getenv())));
    }
    return all;
  }

  private static BackgroundListener inBackground(String name, RunListener listener) {
    return new BackgroundListener(name, listener, CAPACITY, PATIENCE);
  }

  /** The run begins or goes on; its directory is there. */
  void begun() {
    listeners.begun(
        new RunStart(plan.directory(), start.step(), start.images(), plan.provenance()));
  }

  /** Says a line. */
  void line(String text) throws IOException {
    log.line(text);
  }

  /** Shows how far the run has come. May be called from any thread. */
  void show(LiveProgress progress) {
    long total = plan.schedule().totalSteps();
    long batch = plan.objective().batch();
    bar.show(progress.step(), progress.text(total, batch));
    metrics.progress(progress.step(), progress.loss(), progress.imagesPerSecond(batch));
    observer.progress(progress);
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
    metrics.progress(all.step(), all.loss(), all.imagesPerSecond(plan.objective().batch()));
    metrics.executors(all.executors());
    listeners.tick(log.tick(all));
    sayWarnings();
    observer.tick(all);
  }

  /** Keeps what an executor has logged. */
  void logged(String place, List<String> lines) throws IOException {
    executors.add(place, lines);
  }

  /** A segment has ended. */
  void segmentEnded() throws IOException {
    bar.clear();
    timeline.write(store, plan.directory());
    listeners.saved();
    sayWarnings();
  }

  /** Forgets the ticks that ended after a step: they are about to be repeated. */
  void rewind(long step) {
    log.rewind(step);
    listeners.rewound(step * plan.objective().batch());
  }

  /** An evaluation's results are in the run directory. */
  void evaluated() throws IOException {
    listeners.evaluated();
    sayWarnings();
  }

  /** The run has done all its steps, or was asked to stop; without this word it has failed. */
  void ended(boolean stopped) {
    end = stopped ? RunEnd.STOPPED : RunEnd.FINISHED;
  }

  private void sayWarnings() throws IOException {
    for (String warning : listeners.takeWarnings()) {
      log.line(warning);
    }
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
    metrics.close();
    bar.clear();
    try {
      listeners.ended(end);
      sayWarnings();
    } finally {
      executors.close();
    }
  }
}

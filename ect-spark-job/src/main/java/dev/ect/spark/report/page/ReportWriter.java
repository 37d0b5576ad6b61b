package dev.ect.spark.report.page;

import dev.ect.model.io.Store;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.RunEnd;
import dev.ect.spark.report.RunListener;
import dev.ect.spark.report.RunStart;
import dev.ect.spark.report.StatsLine;
import java.io.IOException;
import java.time.Duration;

/**
 * Keeps a run's report up to date: writes it after checkpoints and evaluations, but for no more
 * than a fiftieth of the time, and at the end.
 */
public final class ReportWriter implements RunListener {
  private static final int SHARE = 50;

  private final Store store;
  private RunDirectory directory;
  private boolean changed;
  private long next = System.nanoTime();

  public ReportWriter(Store store) {
    this.store = store;
  }

  @Override
  public void begun(RunStart start) {
    directory = start.directory();
  }

  @Override
  public void tick(StatsLine tick) {
    changed = true;
  }

  @Override
  public void saved() throws IOException {
    refresh();
  }

  @Override
  public void evaluated() throws IOException {
    changed = true;
    refresh();
  }

  @Override
  public void ended(RunEnd end) throws IOException {
    if (changed) {
      RunReport.write(store, directory);
    }
  }

  private void refresh() throws IOException {
    long begin = System.nanoTime();
    if (!changed || begin - next < 0) {
      return;
    }
    RunReport.write(store, directory);
    changed = false;
    long took = System.nanoTime() - begin;
    next = begin + Math.max(SHARE * took, Duration.ofSeconds(1).toNanos());
  }
}

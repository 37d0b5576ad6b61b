package dev.ect.spark.report;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * How far a piece of work has come: amount, speed and time left, shown while it goes on. Safe for
 * use by several threads.
 */
public final class WorkProgress implements AutoCloseable {
  private static final double NANOS = 1e9;
  private static final long INTERVAL = Duration.ofMillis(100).toNanos();

  private final PrintStream out;
  private final String work;
  private final String unit;
  private final long total;
  private final ProgressBar bar;
  private final long begin = System.nanoTime();
  private long shown = begin - INTERVAL;

  /**
   * Says what begins.
   *
   * @param work what is done, such as {@code generating}
   * @param total how much of it, at least 1
   * @param unit of the total, such as {@code images}
   */
  public WorkProgress(PrintStream out, String work, long total, String unit) {
    this.out = out;
    this.work = work;
    this.total = total;
    this.unit = unit;
    bar = new ProgressBar(ProgressBar.terminal(), out, total);
    out.printf(Locale.ROOT, "%s %,d %s%n", work, total, unit);
  }

  /** Shows how much is done; of calls that follow each other quickly only some. */
  public synchronized void show(long done) {
    long now = System.nanoTime();
    if (now - shown < INTERVAL) {
      return;
    }
    shown = now;
    double speed = done / seconds();
    bar.show(
        done,
        String.format(
            Locale.ROOT,
            "%s  %,d/%,d %s  %.1f/s  %s left",
            work,
            done,
            total,
            unit,
            speed,
            done == 0 ? "?" : RunLog.duration((total - done) / speed)));
  }

  /** Since it began. */
  public double seconds() {
    return (System.nanoTime() - begin) / NANOS;
  }

  /** Says how long all of it took. */
  public void finished() {
    bar.clear();
    out.printf(
        Locale.ROOT,
        "%s: %,d %s in %s, %.1f/s%n",
        work,
        total,
        unit,
        RunLog.duration(seconds()),
        total / seconds());
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    bar.clear();
  }
}

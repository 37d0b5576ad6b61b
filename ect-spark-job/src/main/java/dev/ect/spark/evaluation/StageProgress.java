package dev.ect.spark.evaluation;

import dev.ect.spark.report.ProgressBar;
import dev.ect.spark.report.RunLog;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple4;
import scala.collection.Iterator;
import scala.collection.Seq;

/**
 * How far a stage has come, shown at the driver while it runs. Tasks count in an accumulator; what
 * they have counted comes with the executors' heartbeats, and that of a task that fails counts no
 * more.
 */
final class StageProgress extends SparkListener implements AutoCloseable {
  private static final double NANOS = 1e9;

  private final SparkContext spark;
  private final LongAccumulator counter;
  private final PrintStream out;
  private final String work;
  private final String unit;
  private final long total;
  private final ProgressBar bar;
  private final long begin = System.nanoTime();
  private final Map<Long, Long> byTask = new HashMap<>();

  /**
   * Begins to listen.
   *
   * @param work what is done, such as {@code generating}
   * @param total how much of it, at least 1
   * @param unit of the total, such as {@code images}
   */
  StageProgress(SparkContext spark, PrintStream out, String work, long total, String unit) {
    this.spark = spark;
    this.out = out;
    this.work = work;
    this.total = total;
    this.unit = unit;
    bar = new ProgressBar(ProgressBar.terminal(), out, total);
    counter = spark.longAccumulator("ect " + unit);
    spark.addSparkListener(this);
    out.printf(Locale.ROOT, "%s %,d %s%n", work, total, unit);
  }

  /** What tasks count in. */
  LongAccumulator counter() {
    return counter;
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    Iterator<Tuple4<Object, Object, Object, Seq<AccumulableInfo>>> tasks =
        update.accumUpdates().iterator();
    while (tasks.hasNext()) {
      Tuple4<Object, Object, Object, Seq<AccumulableInfo>> task = tasks.next();
      note((Long) task._1(), task._4().iterator());
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.reason() == Success$.MODULE$) {
      note(end.taskInfo().taskId(), end.taskInfo().accumulables().iterator());
    } else {
      forget(end.taskInfo().taskId());
    }
  }

  private void note(long task, Iterator<AccumulableInfo> values) {
    while (values.hasNext()) {
      AccumulableInfo info = values.next();
      if (info.id() == counter.id()
          && info.update().isDefined()
          && info.update().get() instanceof Long count) {
        show(task, count);
      }
    }
  }

  private synchronized void forget(long task) {
    byTask.remove(task);
  }

  private synchronized void show(long task, long count) {
    byTask.put(task, count);
    long done = Math.min(total, byTask.values().stream().mapToLong(Long::longValue).sum());
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
  double seconds() {
    return (System.nanoTime() - begin) / NANOS;
  }

  /** Says how long all of it took. */
  void finished() {
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

  @Override
  public void close() {
    if (!spark.isStopped()) {
      spark.removeSparkListener(this);
    }
    bar.clear();
  }
}

package dev.ect.spark.report;

import java.io.PrintStream;
import java.util.HashMap;
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
public final class StageProgress extends SparkListener implements AutoCloseable {
  private final SparkContext spark;
  private final LongAccumulator counter;
  private final long total;
  private final WorkProgress progress;
  private final Map<Long, Long> byTask = new HashMap<>();

  /**
   * Begins to listen.
   *
   * @param work what is done, such as {@code generating}
   * @param total how much of it, at least 1
   * @param unit of the total, such as {@code images}
   */
  public StageProgress(SparkContext spark, PrintStream out, String work, long total, String unit) {
    this.spark = spark;
    this.total = total;
    counter = spark.longAccumulator("ect " + unit);
    spark.addSparkListener(this);
    progress = new WorkProgress(out, work, total, unit);
  }

  /** What tasks count in. */
  public LongAccumulator counter() {
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
    progress.show(done);
  }

  /** Since it began. */
  public double seconds() {
    return progress.seconds();
  }

  /** Says how long all of it took. */
  public void finished() {
    progress.finished();
  }

  @Override
  public void close() {
    if (!spark.isStopped()) {
      spark.removeSparkListener(this);
    }
    progress.close();
  }
}

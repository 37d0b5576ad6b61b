package dev.ect.spark.training;

import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.SparkReason;
import java.util.function.Consumer;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import scala.Tuple4;
import scala.collection.Iterator;
import scala.collection.Seq;

/** Receives on the driver what a {@link ProgressAccumulator} carries, and the loss of executors. */
final class ProgressListener extends SparkListener {
  private final long accumulator;
  private final Consumer<LiveProgress> receiver;
  private volatile String lost = "";

  /**
   * @param accumulator its id
   */
  ProgressListener(long accumulator, Consumer<LiveProgress> receiver) {
    this.accumulator = accumulator;
    this.receiver = receiver;
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    Iterator<Tuple4<Object, Object, Object, Seq<AccumulableInfo>>> tasks =
        update.accumUpdates().iterator();
    while (tasks.hasNext()) {
      Iterator<AccumulableInfo> values = tasks.next()._4().iterator();
      while (values.hasNext()) {
        AccumulableInfo info = values.next();
        if (info.id() == accumulator
            && info.update().isDefined()
            && info.update().get() instanceof LiveProgress progress) {
          receiver.accept(progress);
        }
      }
    }
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    String why = SparkReason.of(removed.reason());
    lost = "executor " + removed.executorId() + " is gone" + (why.isEmpty() ? "" : ": " + why);
  }

  /** What is known of the executor that was lost last, which is forgotten here; else empty. */
  String takeLost() {
    String taken = lost;
    lost = "";
    return taken;
  }
}

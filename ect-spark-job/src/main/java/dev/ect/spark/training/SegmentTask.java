package dev.ect.spark.training;

import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.exchange.GradientExchange;
import dev.ect.spark.exchange.SingleExchange;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.storage.BlockManagerId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/** A replica's part of a segment, run as a task of a barrier stage. */
final class SegmentTask extends AbstractFunction1<Iterator<Integer>, Iterator<SegmentResult>>
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(SegmentTask.class);

  private final Broadcast<RunPlan> plan;
  private final HadoopStore store;
  private final Segment segment;
  private final ProgressAccumulator progress;

  SegmentTask(
      Broadcast<RunPlan> plan, HadoopStore store, Segment segment, ProgressAccumulator progress) {
    this.plan = plan;
    this.store = store;
    this.segment = segment;
    this.progress = progress;
  }

  @Override
  public Iterator<SegmentResult> apply(Iterator<Integer> ignored) {
    SegmentResult result = run(plan.value(), TaskContext.get()).at(location());
    return JavaConverters.asScalaIterator(List.of(result).iterator());
  }

  /** This executor in the form that Spark's preferred locations have. */
  private static String location() {
    BlockManagerId id = SparkEnv.get().blockManager().blockManagerId();
    return "executor_" + id.host() + "_" + id.executorId();
  }

  private SegmentResult run(RunPlan run, TaskContext context) {
    int rank = context.partitionId();
    Replica replica = Replicas.take(run.runKey());
    boolean keep = false;
    try {
      if (replica != null && replica.progress().step() != segment.fromStep()) {
        close(replica);
        replica = null;
      }
      if (replica == null) {
        replica = Replica.open(store, run, exchange(), device(context), segment.start());
      }
      StopRequest stop = new StopRequest(store, run.directory().stopFile());
      SegmentResult result = replica.run(segment, stop, progress::add);
      keep = !result.stopped() && !segment.last();
      return result;
    } catch (ReplicaLostException e) {
      LOG.warn("the driver must start over: {}", e.getMessage());
      return SegmentResult.lost(rank, segment);
    } catch (IOException | TrainingException | EngineUnavailableException e) {
      return failed(replica, rank, e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(replica, rank, "the task was interrupted");
    } catch (RuntimeException e) {
      // Thrown on, it would make Spark repeat the stage, without the replica that is closed here.
      LOG.error("steps after {} failed", segment.fromStep(), e);
      return failed(replica, rank, e.toString().lines().findFirst().orElse(""));
    } finally {
      if (keep) {
        Replicas.keep(run.runKey(), replica);
      } else if (replica != null) {
        close(replica);
      }
    }
  }

  /** Trouble reaches the driver as a line, not as Spark's report of a lost task. */
  private SegmentResult failed(Replica replica, int rank, String reason) {
    if (replica != null) {
      replica.abort(reason);
    }
    return SegmentResult.failed(rank, segment, reason);
  }

  /** What fails while a replica is closed must not hide how the segment went. */
  private static void close(Replica replica) {
    try {
      replica.close();
    } catch (RuntimeException e) {
      LOG.warn("a replica was not closed in order", e);
    }
  }

  private static GradientExchange exchange() {
    return new SingleExchange();
  }

  /** The GPU that Spark gave the task, if it gave one. */
  private static String device(TaskContext context) {
    Map<String, ResourceInformation> resources = context.resourcesJMap();
    ResourceInformation gpu = resources.get("gpu");
    return gpu == null || gpu.addresses().length == 0 ? "auto" : "cuda:" + gpu.addresses()[0];
  }

  /** Frees what a run left in this executor, if anything. */
  static final class Cleanup extends AbstractFunction1<Iterator<Integer>, Iterator<Integer>>
      implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String runKey;

    Cleanup(String runKey) {
      this.runKey = runKey;
    }

    @Override
    public Iterator<Integer> apply(Iterator<Integer> ranks) {
      Replica left = Replicas.take(runKey);
      if (left != null) {
        SegmentTask.close(left);
      }
      return ranks;
    }
  }
}

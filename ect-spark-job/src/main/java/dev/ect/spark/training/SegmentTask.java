package dev.ect.spark.training;

import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.io.BadFileException;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.TaskDevice;
import dev.ect.spark.exchange.ExchangeException;
import dev.ect.spark.exchange.GradientExchange;
import dev.ect.spark.exchange.ParameterServerNode;
import dev.ect.spark.exchange.SingleExchange;
import dev.ect.spark.training.SegmentResult.Outcome;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
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

  /** A standalone worker kills an executor ten seconds after it was told to end. */
  private static final Duration LEAVING = Duration.ofSeconds(9);

  private static final String DRIVER = "driver";

  private final Broadcast<RunPlan> plan;
  private final HadoopStore store;
  private final Segment segment;
  private final Gang gang;
  private final ProgressAccumulator progress;

  SegmentTask(
      Broadcast<RunPlan> plan,
      HadoopStore store,
      Segment segment,
      Gang gang,
      ProgressAccumulator progress) {
    this.plan = plan;
    this.store = store;
    this.segment = segment;
    this.gang = gang;
    this.progress = progress;
  }

  @Override
  public Iterator<SegmentResult> apply(Iterator<Integer> ignored) {
    BlockManagerId here = SparkEnv.get().blockManager().blockManagerId();
    boolean local = here.executorId().equals(DRIVER);
    String place =
        local ? DRIVER : String.format("executor %s, %s", here.executorId(), here.host());
    // The driver sees its own log anyway.
    try (LiveFeed feed = new LiveFeed(progress, gang, segment, place, !local)) {
      SegmentResult result =
          run(plan.value(), TaskContext.get(), here, feed)
              .at("executor_" + here.host() + "_" + here.executorId(), feed);
      return JavaConverters.asScalaIterator(List.of(result).iterator());
    }
  }

  private SegmentResult run(RunPlan run, TaskContext context, BlockManagerId here, LiveFeed feed) {
    int rank = context.partitionId();
    if (context.stageAttemptNumber() > 0) {
      // Spark would repeat the stage without a word, and with executors that are gone invited.
      return SegmentResult.none(rank, segment, Outcome.LOST, "");
    }
    Replicas.enter(run.runKey());
    Replica replica = Replicas.take(run.runKey(), rank);
    boolean keep = false;
    try {
      if (replica != null && !replica.fits(gang, segment)) {
        close(replica);
        replica = null;
      }
      boolean local = here.executorId().equals(DRIVER);
      RollCall calls = rollCall(run, context, local);
      OptionalInt standing = calls.standing(local ? "" : here.executorId(), replica);
      if (standing.isEmpty()) {
        if (replica != null) {
          close(replica);
          replica = null;
        }
        if (!local) {
          requireShared(run, calls, here);
        }
        GradientExchange exchange = exchange(calls, context, here.host());
        replica =
            Replica.open(
                store,
                run,
                gang.number(),
                exchange,
                TaskDevice.of(context, run.threads()),
                segment.start());
      }
      rank = replica.rank();
      SegmentResult result = run(replica, run, local, feed);
      keep = result.outcome() == Outcome.DONE && !segment.last();
      return result;
    } catch (ReplicaLostException | ExchangeException e) {
      return lost(replica, rank, e);
    } catch (TrainingException e) {
      return failed(replica, rank, e.getMessage());
    } catch (BadFileException | FileNotFoundException | EngineUnavailableException e) {
      return failed(replica, rank, e.getMessage() + where(here));
    } catch (IOException e) {
      // A file system out of reach may be back at the next try.
      return lost(replica, rank, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return lost(replica, rank, e);
    } catch (RuntimeException e) {
      if (context.isInterrupted()) {
        return lost(replica, rank, e);
      }
      // Thrown on, it would look like the loss of an executor.
      LOG.error("steps after {} failed", segment.fromStep(), e);
      return failed(replica, rank, firstLine(e));
    } finally {
      if (keep) {
        Replicas.keep(run.runKey(), replica);
      } else if (replica != null) {
        close(replica);
      }
      Replicas.leave(run.runKey());
    }
  }

  private RollCall rollCall(RunPlan run, TaskContext context, boolean local) {
    if (!local) {
      return new RollCall(((BarrierTaskContext) context)::allGather, gang.world());
    }
    int task = context.partitionId();
    String stage = run.runKey() + " " + context.stageId() + "." + context.stageAttemptNumber();
    AtomicInteger calls = new AtomicInteger();
    return new RollCall(
        mine ->
            LocalGather.gather(
                stage + " " + calls.getAndIncrement(),
                gang.world(),
                task,
                mine,
                SegmentTask::isKilled),
        gang.world());
  }

  private SegmentResult run(Replica replica, RunPlan run, boolean local, LiveFeed feed)
      throws IOException, InterruptedException {
    StopRequest stop = new StopRequest(store, run.directory().stopFile());
    Wishes wishes =
        new Wishes(
            () -> replica.rank() == 0 && stop.asked(),
            SegmentTask::isCancelled,
            SegmentTask::isKilled);
    if (local) {
      // The driver's own hook writes a stop file.
      return replica.run(segment, wishes, feed);
    }
    try (ShutdownHook hook = new ShutdownHook(wishes::setLeave, LEAVING)) {
      return replica.run(segment, wishes, feed);
    }
  }

  /** Checkpoints of a run directory that only this machine sees would be lost to all others. */
  private void requireShared(RunPlan run, RollCall calls, BlockManagerId here) throws IOException {
    if (store.exists(run.directory().configuration())) {
      return;
    }
    String reason =
        store.qualified(run.directory().path())
            + ": the run directory that the driver has made is not there"
            + where(here)
            + "; expected a folder that driver and executors share (run.outdir): on a network file"
            + " system, hdfs:// or s3a://";
    if (gang.world() > 1) {
      calls.absent(reason);
    }
    throw new TrainingException(reason);
  }

  /** Where this is, after what has failed here; nothing at the driver itself. */
  private static String where(BlockManagerId here) {
    return here.executorId().equals(DRIVER)
        ? ""
        : " (on executor " + here.executorId() + ", " + here.host() + ")";
  }

  /** A reason without {@link #where}. */
  static String withoutPlace(String reason) {
    return reason.replaceFirst(" \\(on executor [^)]*\\)", "");
  }

  /** Meets the other tasks at the parameter server. */
  private GradientExchange exchange(RollCall calls, TaskContext context, String host) {
    if (gang.world() == 1) {
      return new SingleExchange();
    }
    ParameterServerNode node;
    try {
      node = ParameterServerNode.join(gang.invitation(), host, SegmentTask::isKilled);
    } catch (RuntimeException e) {
      calls.absent(firstLine(e));
      throw e;
    }
    try {
      return node.exchange(context.partitionId(), calls.endpoints(node.endpoint()));
    } catch (RuntimeException | Error e) {
      node.close();
      throw e;
    }
  }

  /** Trouble reaches the driver as a line, not as Spark's report of a lost task. */
  private SegmentResult failed(Replica replica, int rank, String reason) {
    return ended(replica, rank, Outcome.FAILED, reason);
  }

  private SegmentResult lost(Replica replica, int rank, Exception e) {
    LOG.warn("steps after {} are to be repeated: {}", segment.fromStep(), e.toString());
    return ended(replica, rank, Outcome.LOST, firstLine(e));
  }

  private SegmentResult ended(Replica replica, int rank, Outcome outcome, String reason) {
    if (replica != null) {
      replica.abort(reason);
    }
    return SegmentResult.none(rank, segment, outcome, reason);
  }

  private static String firstLine(Exception e) {
    String message = e.getMessage();
    boolean speaks = message != null && e.getClass().getName().startsWith("dev.ect.");
    return (speaks ? message : e.toString()).lines().findFirst().orElse("");
  }

  /** What fails while a replica is closed must not hide how the segment went. */
  static void close(Replica replica) {
    try {
      replica.close();
    } catch (RuntimeException e) {
      LOG.warn("a replica was not closed in order", e);
    }
  }

  /** Whether Spark has given up the task that this thread runs: an exchange outlives its task. */
  private static boolean isKilled() {
    TaskContext task = TaskContext.get();
    return task != null && task.isInterrupted() && !isCancelled();
  }

  /** Whether somebody has cancelled the run's jobs: there is time for a checkpoint. */
  private static boolean isCancelled() {
    TaskContext task = TaskContext.get();
    return task != null
        && task.isInterrupted()
        && task.getKillReason().exists(reason -> isByGroup(reason));
  }

  /** Whether Spark says that jobs were cancelled by the name of their group. */
  static boolean isByGroup(String reason) {
    return reason.contains("cancelled job group");
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
      Replicas.takeAll(runKey).forEach(SegmentTask::close);
      return ranks;
    }
  }
}

package dev.ect.spark.training;

import dev.ect.model.engine.Engine;
import dev.ect.model.io.Store;
import dev.ect.model.tuning.Batch;
import dev.ect.model.tuning.Loss;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.model.tuning.Tuner;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.data.BatchLoader;
import dev.ect.spark.data.BatchSettings;
import dev.ect.spark.data.Slice;
import dev.ect.spark.evaluation.TaskDevice;
import dev.ect.spark.exchange.GradientExchange;
import dev.ect.spark.exchange.Traffic;
import dev.ect.spark.report.LogLines;
import dev.ect.spark.report.Phase;
import dev.ect.spark.report.RunMetrics;
import dev.ect.spark.report.TickStats;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A replica of the network on an executor, with its engine, optimiser state and part of the data.
 * Lives from segment to segment; used by one thread at a time.
 */
final class Replica implements AutoCloseable {
  private final RunPlan plan;
  private final int gang;
  private final GradientExchange exchange;
  private final Engine engine;
  private final Tuner tuner;

  /** Whether replicas exchange updates of their optimisers rather than gradients. */
  private final boolean exchangesUpdates;

  private final BatchLoader loader;
  private final Saver saver;
  private final List<String> notes = new ArrayList<>();
  private final TickMeter meter = new TickMeter();
  private final RunMetrics metrics;

  private Replica(
      Store store,
      RunPlan plan,
      int gang,
      GradientExchange exchange,
      Engine engine,
      int cores,
      Progress start)
      throws IOException {
    this.plan = plan;
    this.gang = gang;
    this.exchange = exchange;
    this.engine = engine;
    exchangesUpdates = exchange.world() > 1 && plan.encoding() == ExchangeConfig.Encoding.THRESHOLD;
    tuner = new StartingPoint(store, plan, engine, notes::add).tuner(start);
    saver = new Saver(store, plan, tuner, exchange.world());
    try {
      if (start.step() == 0 && exchange.rank() == 0) {
        saver.initial();
      }
      loader =
          new BatchLoader(
              store,
              plan.index(),
              plan.shards(),
              Slice.slots(plan.shards(), exchange.rank(), exchange.world()),
              BatchSettings.of(plan.data(), plan.objective(), cores));
    } catch (IOException | RuntimeException | Error e) {
      tuner.close();
      throw e;
    }
    metrics = RunMetrics.open(Store.name(plan.directory().path()), rank());
  }

  /**
   * Makes the replica of a run at its present state: new weights at step 0, else the checkpoint.
   *
   * @param gang number of the gang that it belongs to
   * @param exchange becomes the replica's, and is closed if it cannot be made
   * @param device what the task was given
   * @throws ReplicaLostException if there is no checkpoint of that step
   */
  static Replica open(
      Store store,
      RunPlan plan,
      int gang,
      GradientExchange exchange,
      TaskDevice device,
      Progress start)
      throws IOException {
    Engine engine = null;
    try {
      engine = device.open(plan.engine());
      return new Replica(store, plan, gang, exchange, engine, device.threads(), start);
    } catch (IOException | RuntimeException | Error e) {
      if (engine != null) {
        engine.close();
      }
      exchange.abort(String.valueOf(e.getMessage()));
      exchange.close();
      throw e;
    }
  }

  int rank() {
    return exchange.rank();
  }

  /** Whether this is a gang's replica of the moment at which a segment starts. */
  boolean fits(Gang other, Segment segment) {
    return gang == other.number() && tuner.progress().step() == segment.fromStep();
  }

  /**
   * Does the steps of a segment, with what is due at the ends of its ticks and a checkpoint at its
   * own end.
   *
   * @param wishes of this replica; what one of them wishes, all do
   * @param feed is told after every step
   */
  SegmentResult run(Segment segment, Wishes wishes, LiveFeed feed)
      throws IOException, InterruptedException {
    TickSchedule schedule = plan.schedule();
    List<TickStats> ticks = new ArrayList<>();
    double firstLoss = Double.NaN;
    StepNote common = StepNote.NONE;
    boolean end = false;
    while (!end) {
      wishes.requireAlive();
      long step = tuner.progress().step();
      common = step(step, schedule.stage(step), wishes);
      firstLoss = Double.isNaN(firstLoss) ? common.loss() : firstLoss;
      long done = step + 1;
      long tick = schedule.tick(step);
      boolean complete = done == segment.toStep();
      boolean stopped = common.stop() && !(complete && segment.last());
      end = complete || stopped || common.leave();
      boolean tickEnded = schedule.tickEnd(tick) == done;
      if (tickEnded || end) {
        boolean finished = complete && segment.last();
        ticks.add(endTick(schedule.stage(step), new Saver.Moment(tick, tickEnded, end, finished)));
        if (end && (finished || !complete || segment.evaluated())) {
          // Nobody may come back to this replica, or somebody reads the snapshot now.
          saver.finish();
        }
      }
      feed.step(rank(), done, common.loss(), ticks);
    }
    List<String> said = List.copyOf(notes);
    notes.clear();
    boolean finished = segment.last() && tuner.progress().step() == segment.toStep();
    return new SegmentResult(
        rank(),
        "",
        "",
        LogLines.NONE,
        common.stop() && !finished ? SegmentResult.Outcome.STOPPED : SegmentResult.Outcome.DONE,
        "",
        tuner.progress().step(),
        tuner.progress().images(),
        engine.name() + " on " + engine.device() + ", " + engine.precision().id(),
        said,
        List.copyOf(ticks),
        firstLoss);
  }

  /** Returns what all replicas have noted together. */
  private StepNote step(long step, int stage, Wishes wishes)
      throws IOException, InterruptedException {
    meter.begin();
    Batch images = loader.take(step);
    meter.lap(Phase.READ);
    double sum =
        exchangesUpdates
            ? beginUpdate(images, step, plan.objective().loss(stage))
            : beginGradient(images, step, plan.objective().loss(stage));
    meter.lap(Phase.COMPUTE);
    StepNote mine = new StepNote(sum, images.size(), wishes.stop(), wishes.leave());
    long waited = exchange.waitedNanos();
    StepNote common = StepNote.sum(exchange.finish(mine.toBytes()));
    meter.lap(Phase.EXCHANGE);
    meter.waited(exchange.waitedNanos() - waited);
    int batch = plan.objective().batch();
    if (exchangesUpdates) {
      tuner.applyUpdate(batch);
    } else {
      tuner.update(batch);
    }
    engine.synchronize();
    meter.lap(Phase.UPDATE);
    double seconds = meter.end(sum, images.size());
    metrics.step(step + 1, tuner.progress().images(), common.loss(), batch / seconds);
    Traffic traffic = exchange.traffic();
    metrics.traffic(traffic.bytesSent(), traffic.bytesReceived(), traffic.framesDropped());
    return common;
  }

  /** Computes this replica's share of the gradient, which travels meanwhile; sums the losses. */
  private double beginGradient(Batch images, long step, Loss loss) {
    ObjectiveConfig objective = plan.objective();
    exchange.begin(tuner.vectors().gradient());
    double[] losses =
        tuner.gradient(loss, images, objective.batch(), objective.batchGpu(), exchange::ready);
    return requireFinite(losses, images, step);
  }

  /** Computes this replica's part of the update, to be exchanged; sums the losses. */
  private double beginUpdate(Batch images, long step, Loss loss) {
    ObjectiveConfig objective = plan.objective();
    double[] losses = tuner.gradient(loss, images, images.size(), objective.batchGpu());
    double sum = requireFinite(losses, images, step);
    exchange.begin(tuner.proposeUpdate(images.size(), objective.batch()));
    return sum;
  }

  /** The sum of the losses. */
  private double requireFinite(double[] losses, Batch batch, long step) {
    double sum = 0;
    for (int i = 0; i < losses.length; i++) {
      if (!Double.isFinite(losses[i])) {
        throw new TrainingException(
            "step "
                + step
                + ": the loss of image "
                + batch.positions()[i]
                + " of the batch is "
                + losses[i]
                + "; lower the learning rate, or use another engine.precision than "
                + plan.engine().precision().id());
      }
      sum += losses[i];
    }
    return sum;
  }

  private TickStats endTick(int stage, Saver.Moment moment)
      throws IOException, InterruptedException {
    meter.pause();
    if (saver.checkpointDue(moment)) {
      requireEqualWeights();
    }
    if (rank() == 0) {
      saver.save(moment);
    }
    meter.lap(Phase.CHECKPOINT);
    TickStats stats = meter.take(moment.tick(), tuner.progress(), stage);
    metrics.tick(stats.phases());
    return stats;
  }

  /** What is saved must be what every replica has. */
  private void requireEqualWeights() {
    if (exchange.world() > 1) {
      byte[] mine = tuner.vectors().weightsDigest();
      requireEqual(exchange.gather(mine), tuner.progress().step());
    }
  }

  /**
   * @param digests of the weights, by rank
   * @throws TrainingException if they differ
   */
  static void requireEqual(List<byte[]> digests, long step) {
    for (int other = 1; other < digests.size(); other++) {
      if (!Arrays.equals(digests.get(0), digests.get(other))) {
        throw new TrainingException(
            "after step "
                + step
                + " the weights of replica "
                + other
                + " are not those of replica 0; expected the same bits: are all executors of one"
                + " kind, with the same libraries?");
      }
    }
  }

  /** Tells the other replicas that this one gives up. */
  void abort(String reason) {
    exchange.abort(reason);
  }

  @Override
  public void close() {
    try (engine;
        tuner;
        saver;
        metrics;
        exchange) {
      loader.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

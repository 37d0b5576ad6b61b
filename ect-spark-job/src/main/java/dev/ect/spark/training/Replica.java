package dev.ect.spark.training;

import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.checkpoint.TrainingState;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Engines;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.tuning.Batch;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.model.tuning.Tuner;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.data.BatchLoader;
import dev.ect.spark.data.Slice;
import dev.ect.spark.exchange.GradientExchange;
import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.Memory;
import dev.ect.spark.report.TickStats;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.SparkEnv;

/**
 * A replica of the network on an executor, with its engine, optimiser state and part of the data.
 * Lives from segment to segment; used by one thread at a time.
 */
final class Replica implements AutoCloseable {
  private static final double NANOS = 1e9;

  private final Store store;
  private final RunPlan plan;
  private final GradientExchange exchange;
  private final Engine engine;
  private final Tuner tuner;
  private final BatchLoader loader;
  private final Saver saver;
  private final List<String> notes = new ArrayList<>();

  // The tick under way.
  private double lossSum;
  private long lossCount;
  private long steps;
  private long stepNanos;
  private long readNanos;
  private long exchangeNanos;

  private Replica(
      Store store, RunPlan plan, GradientExchange exchange, Engine engine, Progress start)
      throws IOException {
    this.store = store;
    this.plan = plan;
    this.exchange = exchange;
    this.engine = engine;
    tuner = start.step() == 0 ? fresh() : resumed(start);
    saver = new Saver(store, plan, tuner);
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
              plan.data().cond(),
              plan.objective().labelDropout(),
              plan.objective().augment(),
              ((long) plan.data().cacheMib()) << 20);
    } catch (IOException | RuntimeException | Error e) {
      tuner.close();
      throw e;
    }
  }

  /**
   * Makes the replica of a run at its present state: new weights at step 0, else the checkpoint.
   *
   * @param exchange becomes the replica's, and is closed if it cannot be made
   * @param device what the task was given; replaces {@code auto}
   * @throws ReplicaLostException if there is no checkpoint of that step
   */
  static Replica open(
      Store store, RunPlan plan, GradientExchange exchange, String device, Progress start)
      throws IOException {
    EngineConfig config =
        plan.engine().device().equals("auto") ? plan.engine().withDevice(device) : plan.engine();
    Engine engine = null;
    try {
      engine = Engines.open(config.name(), config.options(threads(plan)));
      return new Replica(store, plan, exchange, engine, start);
    } catch (IOException | RuntimeException | Error e) {
      if (engine != null) {
        engine.close();
      }
      exchange.abort(String.valueOf(e.getMessage()));
      exchange.close();
      throw e;
    }
  }

  /** What the plan says, or else the cores that Spark gave this executor. */
  private static int threads(RunPlan plan) {
    if (plan.threads() > 0) {
      return plan.threads();
    }
    int cores = Runtime.getRuntime().availableProcessors();
    SparkEnv env = SparkEnv.get();
    return env == null ? cores : env.conf().getInt("spark.executor.cores", cores);
  }

  private Tuner fresh() throws IOException {
    Network network = plan.network();
    String transfer = plan.run().transfer();
    if (transfer.isEmpty()) {
      long seed = plan.run().seed();
      return filled(
          tuner(network, network.initialBuffers(seed)),
          tuner -> {
            tuner.vectors().weights().write(0, FloatBuffer.wrap(network.initialParameters(seed)));
            tuner.begin();
          });
    }
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, transfer)) {
      return filled(
          tuner(network, snapshot.buffers(network)),
          tuner -> {
            List<String> left = snapshot.transfer(network, tuner.vectors().weights());
            tuner.begin();
            notes.add("starting from " + transfer);
            left.forEach(
                name -> notes.add("left aside " + name + ": this run learns without augmentation"));
          });
    }
  }

  private Tuner resumed(Progress start) throws IOException {
    Network network = plan.network();
    Checkpoints.Found found =
        Checkpoints.latest(store, plan.directory())
            .filter(f -> f.progress().step() == start.step())
            .orElseThrow(
                () ->
                    new ReplicaLostException(
                        plan.directory().path()
                            + ": holds no training state of step "
                            + start.step()));
    try (TrainingState state = TrainingState.open(store, found.path())) {
      return filled(
          tuner(network, state.buffers(network)),
          tuner -> {
            state.read(network, tuner.vectors());
            String now = Checkpoints.engine(engine);
            if (!found.engine().isEmpty() && !found.engine().equals(now)) {
              notes.add(
                  found.path()
                      + " was made with "
                      + found.engine()
                      + "; going on with "
                      + now
                      + " does not give the same bits");
            }
            tuner.resume(found.progress());
          });
    }
  }

  private Tuner tuner(Network network, float[] buffers) {
    return new Tuner(
        engine,
        network,
        plan.preconditioning(),
        buffers,
        plan.objective().optimizer(),
        plan.objective().ema(),
        plan.run().seed());
  }

  @FunctionalInterface
  private interface Filling {
    void fill(Tuner tuner) throws IOException;
  }

  private static Tuner filled(Tuner tuner, Filling filling) throws IOException {
    try {
      filling.fill(tuner);
      return tuner;
    } catch (IOException | RuntimeException | Error e) {
      tuner.close();
      throw e;
    }
  }

  Progress progress() {
    return tuner.progress();
  }

  /**
   * Does the steps of a segment, then what is due at the ends of its ticks.
   *
   * @param live receives the progress after every step
   */
  SegmentResult run(Segment segment, StopRequest stop, Consumer<LiveProgress> live)
      throws IOException, InterruptedException {
    TickSchedule schedule = plan.schedule();
    List<TickStats> ticks = new ArrayList<>();
    long begin = System.nanoTime();
    double firstLoss = Double.NaN;
    boolean stopped = false;
    while (tuner.progress().step() < segment.toStep() && !stopped) {
      long step = tuner.progress().step();
      double loss = step(step, schedule.stage(step));
      firstLoss = Double.isNaN(firstLoss) ? loss : firstLoss;
      long done = step + 1;
      live.accept(
          new LiveProgress(
              done, loss, (System.nanoTime() - begin) / NANOS / (done - segment.fromStep())));
      stopped = exchange.any(stop.asked()) && done < segment.toStep();
      long tick = schedule.tick(step);
      boolean ended = schedule.tickEnd(tick) == done;
      boolean last = stopped || (segment.last() && done == segment.toStep());
      if (ended || last) {
        ticks.add(endTick(tick, schedule.stage(step), ended, last, stopped));
      }
    }
    List<String> said = List.copyOf(notes);
    notes.clear();
    return new SegmentResult(
        exchange.rank(),
        tuner.progress().step(),
        tuner.progress().images(),
        stopped,
        engine.name() + " on " + engine.device() + ", " + engine.precision().id(),
        said,
        List.copyOf(ticks),
        firstLoss,
        "",
        false,
        "");
  }

  private double step(long step, int stage) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Batch batch = loader.take(step);
    long read = System.nanoTime();
    double[] losses =
        tuner.gradient(
            plan.objective().loss(stage),
            batch,
            plan.objective().batch(),
            plan.objective().batchGpu());
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
    long computed = System.nanoTime();
    exchange.average(tuner.vectors().gradient());
    long exchanged = System.nanoTime();
    tuner.update(plan.objective().batch());
    engine.synchronize();
    readNanos += read - begin;
    exchangeNanos += exchanged - computed;
    stepNanos += System.nanoTime() - begin;
    lossSum += sum;
    lossCount += losses.length;
    steps++;
    return sum / losses.length;
  }

  private TickStats endTick(long tick, int stage, boolean ended, boolean last, boolean stopped)
      throws IOException {
    long begin = System.nanoTime();
    if (exchange.rank() == 0) {
      saver.save(tick, ended, last, stopped);
    }
    TickStats stats =
        new TickStats(
            tick,
            tuner.progress().step(),
            tuner.progress().images(),
            stage,
            lossSum / lossCount,
            steps,
            stepNanos / NANOS,
            readNanos / NANOS,
            exchangeNanos / NANOS,
            (System.nanoTime() - begin) / NANOS,
            Memory.residentGib(),
            Memory.peakGib());
    lossSum = 0;
    lossCount = 0;
    steps = 0;
    stepNanos = 0;
    readNanos = 0;
    exchangeNanos = 0;
    return stats;
  }

  /** Tells the other replicas that this one gives up. */
  void abort(String reason) {
    exchange.abort(reason);
  }

  @Override
  public void close() {
    try (engine;
        tuner;
        exchange) {
      loader.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

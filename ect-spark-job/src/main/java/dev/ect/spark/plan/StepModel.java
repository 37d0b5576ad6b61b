package dev.ect.spark.plan;

import dev.ect.model.dataset.VirtualShards;
import dev.ect.spark.config.ExchangeConfig.Encoding;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.exchange.ThresholdBenchmark;
import dev.ect.spark.plan.Prediction.Limit;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What a step costs on so many executors. A step is the passes over an executor's images, in rounds
 * of {@code batch-gpu}, what of the exchange they do not hide, and the update: {@link
 * NodeSimulation}. What it assumes beside that:
 *
 * <ul>
 *   <li>Executors, cores and GPUs are like those measured, one executor per machine.
 *   <li>The seconds of a round grow linearly between and beyond the sizes measured.
 *   <li>Passes of different executors differ as those of one did; all wait for the slowest, whose
 *       expected time is that of the largest of n normal draws.
 *   <li>Every executor has as many images as the one with most.
 *   <li>Images are read, and checkpoints written, in the background at no cost; a checkpoint keeps
 *       all waiting for the hash and copy of the vectors.
 *   <li>Left out: evaluations, sample grids, the start of the run, lost executors, and what Spark
 *       does between stages ({@code ect bench overhead} measures that).
 * </ul>
 */
public final class StepModel {
  /** Steps of the integral over the normal distribution, and how far it goes. */
  private static final int SLICES = 4000;

  private static final double FAR = 8;
  private static final double HOUR = 3600;

  /** Images of a round that a CPU can do a few of while somebody waits. */
  private static final int PATIENT = 8;

  /** Share of a step below which a loss has no name. */
  private static final double NEGLIGIBLE = 0.005;

  private final Measurements measured;
  private final ObjectiveConfig objective;
  private final int virtualShards;
  private final long checkpointTicks;

  public StepModel(Measurements measured, JobConfig config) {
    this.measured = measured;
    objective = config.objective();
    virtualShards = config.data().virtualShards();
    checkpointTicks = Math.min(config.spark().segmentTicks(), config.run().checkpointEvery());
  }

  /** Images per step of the executor that has most; empty if some would have none. */
  public static Optional<Integer> images(int executors, int batch, int virtualShards) {
    int shards = VirtualShards.of(Integer.MAX_VALUE, virtualShards, batch, 0).shards();
    return executors > shards
        ? Optional.empty()
        : Optional.of((shards + executors - 1) / executors * (batch / shards));
  }

  /**
   * Rounds from which all those of a plan can be told.
   *
   * @param gpu whether one computes; a CPU measures small rounds, for somebody waits
   * @return one or two sizes, rising, images
   */
  static List<Integer> rounds(JobConfig config, List<Integer> executors, boolean gpu) {
    ObjectiveConfig objective = config.objective();
    TreeSet<Integer> rounds = new TreeSet<>();
    rounds.add(Math.min(objective.batch(), objective.batchGpu()));
    for (int each : executors) {
      images(each, objective.batch(), config.data().virtualShards())
          .ifPresent(images -> rounds.add(Math.min(images, objective.batchGpu())));
    }
    int most = gpu ? rounds.last() : Math.min(PATIENT, rounds.last());
    int least = Math.min(rounds.first(), most);
    return List.of(least < most ? least : (most + 1) / 2, most);
  }

  /**
   * Predicts.
   *
   * @param iterations steps of the run
   * @param pricePerHour of an executor; NaN for none
   * @throws IllegalArgumentException if some executors would have no images
   */
  public Prediction predict(Site site, Encoding encoding, long iterations, double pricePerHour) {
    int batch = objective.batch();
    Step step = step(site, encoding);
    Simulated run = simulate(step, measured.exchange());
    double seconds = run.seconds();
    Site alone = new Site(1, site.cores(), site.linkGbps(), 0, 0);
    double single = computing(step(alone, Encoding.DENSE));
    double speedUp = single / seconds;
    double exchange = Math.max(0, seconds - computing(step));
    double checkpoints =
        (double) iterations / objective.schedule().stepsPerTick() / checkpointTicks;
    double hours =
        (iterations * seconds + checkpoints * measured.step().checkpointSeconds()) / HOUR;
    return new Prediction(
        site.executors(),
        site.linkGbps(),
        encoding,
        step.images(),
        seconds,
        exchange,
        run.bytes(),
        batch / seconds,
        speedUp / site.executors(),
        speedUp,
        limit(step, seconds, computing(step) - single / site.executors()),
        hours,
        hours * site.executors(),
        hours * site.executors() * pricePerHour);
  }

  /**
   * An executor's part of a step.
   *
   * @param images of the executor
   * @param passSeconds of the slowest executor, on cores of its own
   * @param updateSeconds likewise
   */
  private record Step(
      Site site, Encoding encoding, int images, double passSeconds, double updateSeconds) {
    private Step at(Site other) {
      return new Step(other, encoding, images, passSeconds, updateSeconds);
    }
  }

  private Step step(Site site, Encoding encoding) {
    int images =
        images(site.executors(), objective.batch(), virtualShards)
            .orElseThrow(() -> new IllegalArgumentException(site + ": executors without images"));
    StepCosts costs = measured.step();
    double even = costs.passSeconds(images, objective.batchGpu());
    boolean proposes = encoding == Encoding.THRESHOLD && site.executors() > 1;
    return new Step(
        site,
        encoding,
        images,
        even * (1 + costs.spread() * expectedLargest(site.executors())),
        proposes ? costs.proposalSeconds() : costs.updateSeconds());
  }

  /** Seconds of a step without its exchange. */
  private double computing(Step step) {
    // Slower for want of cores.
    double slowdown = Math.max(1, threads() / step.site().cores());
    return (step.passSeconds() + step.updateSeconds()) * slowdown;
  }

  /** Cores that a computation takes: a GPU's has one thread that feeds it. */
  private double threads() {
    return measured.gpu() ? 1 : measured.threads();
  }

  private record Simulated(double seconds, double bytes) {}

  private Simulated simulate(Step step, ExchangeCosts all) {
    int executors = step.site().executors();
    if (executors == 1) {
      return new Simulated(computing(step), 0);
    }
    ExchangeCosts costs = all.onMtu(step.site().mtu());
    NodeSimulation node = new NodeSimulation(step.site(), costs);
    NodeSimulation.Trainer trainer =
        step.encoding() == Encoding.DENSE
            ? dense(step, node, costs)
            : new ThresholdTrainer(
                node,
                executors,
                costs,
                codec(costs),
                measured.parameters(),
                step.passSeconds() + step.updateSeconds(),
                threads());
    return new Simulated(node.run(trainer), node.bytesSent());
  }

  private DenseTrainer dense(Step step, NodeSimulation node, ExchangeCosts costs) {
    int round = objective.batchGpu();
    StepCosts measuredStep = measured.step();
    double lastRound =
        measuredStep.lastRoundSeconds(step.images(), round)
            / measuredStep.passSeconds(step.images(), round);
    return new DenseTrainer(
        node,
        step.site().executors(),
        costs,
        measured.parameters(),
        step.passSeconds(),
        lastRound * step.passSeconds(),
        measuredStep.ready(),
        threads(),
        step.updateSeconds());
  }

  /** What encoding costs; nothing where the rest of the exchange does not cost anything. */
  private ThresholdBenchmark.Result codec(ExchangeCosts costs) {
    ThresholdBenchmark.Result codec = measured.threshold();
    return costs.seal().equals(StationCost.NONE)
        ? new ThresholdBenchmark.Result(0, 0, 0, codec.bytes())
        : codec;
  }

  /** The largest loss: what each part of the exchange would save by costing nothing. */
  private Limit limit(Step step, double seconds, double computing) {
    Site site = step.site();
    if (site.executors() == 1) {
      return Limit.NONE;
    }
    ExchangeCosts costs = measured.exchange();
    Site instant = new Site(site.executors(), site.cores(), site.linkGbps(), 0, site.mtu());
    Site wide = site.withLink(Double.POSITIVE_INFINITY);
    Map<Limit, Double> losses = new EnumMap<>(Limit.class);
    losses.put(Limit.NONE, NEGLIGIBLE * seconds);
    losses.put(Limit.COMPUTE, computing);
    losses.put(Limit.LINK, seconds - simulate(step.at(wide), costs).seconds());
    losses.put(Limit.EXCHANGE_CPU, seconds - simulate(step, costs.free()).seconds());
    losses.put(Limit.LATENCY, seconds - simulate(step.at(instant), costs.withLatency(0)).seconds());
    return losses.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
  }

  /** The expected largest of so many standard normal draws. */
  static double expectedLargest(int draws) {
    double sum = 0;
    double below = 0;
    double width = 2 * FAR / SLICES;
    for (int i = 0; i < SLICES; i++) {
      double x = -FAR + (i + 0.5) * width;
      double next = below + width * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      sum += x * (Math.pow(next, draws) - Math.pow(below, draws));
      below = next;
    }
    return sum;
  }
}

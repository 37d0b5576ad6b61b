package dev.ect.spark.training;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.VirtualShards;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.spark.config.DataConfig;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.RunConfig;
import dev.ect.spark.evaluation.GridPlan;
import dev.ect.spark.report.Provenance;
import dev.ect.spark.report.RunDirectory;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that an executor must know about a run. Travels there.
 *
 * @param runKey names the run's state in an executor
 * @param directory where results go
 * @param networkJson the network's specification
 * @param objective what is minimised, and how
 * @param engine what computes
 * @param run seed, saving, samples
 * @param data cache and labels
 * @param index of the dataset
 * @param shards order of the images
 * @param grid what sample grids show
 * @param encoding what replicas exchange
 * @param threads CPU threads of an executor, where the configuration leaves them open; 0 for all
 *     that the executor has
 * @param provenance kept in its checkpoints
 */
public record RunPlan(
    String runKey,
    RunDirectory directory,
    String networkJson,
    ObjectiveConfig objective,
    EngineConfig engine,
    RunConfig run,
    DataConfig data,
    DatasetIndex index,
    VirtualShards shards,
    GridPlan grid,
    ExchangeConfig.Encoding encoding,
    int threads,
    Provenance provenance)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Evaluations of a sampler that a diffusion model needs to show anything. */
  private static final int PRETRAINING_STEPS = 18;

  /** The same run in another directory. */
  RunPlan in(RunDirectory other) {
    return new RunPlan(
        runKey,
        other,
        networkJson,
        objective,
        engine,
        run,
        data,
        index,
        shards,
        grid,
        encoding,
        threads,
        provenance);
  }

  /** Spark's name for the run's jobs: to cancel them stops the run, with a checkpoint. */
  public String jobGroup() {
    return "ect " + runKey;
  }

  public NetworkSpec spec() {
    return NetworkSpec.fromJson(networkJson);
  }

  public Network network() {
    return Network.of(spec());
  }

  /** ECM for tuning, EDM for pretraining. */
  public Preconditioning preconditioning() {
    return objective.kind() == ObjectiveConfig.Kind.TUNING
        ? Preconditioning.ECM
        : Preconditioning.EDM;
  }

  public TickSchedule schedule() {
    return objective.schedule();
  }

  /** Intermediate times of the samplers whose grids are made, fewest evaluations first. */
  public List<List<Double>> samplers() {
    if (objective.kind() == ObjectiveConfig.Kind.PRETRAINING) {
      return List.of(karras(PRETRAINING_STEPS));
    }
    return run.midT().isEmpty() ? List.of(List.of()) : List.of(List.of(), run.midT());
  }

  /**
   * Noise levels after the first of EDM's schedule (Karras et al., arXiv 2206.00364, equation 5).
   */
  private static List<Double> karras(int steps) {
    double rho = 7;
    double high = Math.pow(80, 1 / rho);
    double low = Math.pow(0.002, 1 / rho);
    return java.util.stream.IntStream.range(1, steps)
        .mapToObj(i -> Math.pow(high + i * (low - high) / (steps - 1), rho))
        .toList();
  }

  /**
   * What must be equal for a run to go on as if it had not stopped; kept in every training state.
   */
  public Map<String, String> identity() {
    Map<String, String> identity = new TreeMap<>();
    ObjectiveConfig o = objective;
    identity.put("objective", o.kind().section());
    identity.put("network", networkJson);
    identity.put("dataset", index.contentKey());
    identity.put("cond", String.valueOf(data.cond()));
    identity.put("seed", String.valueOf(run.seed()));
    identity.put("virtual-shards", String.valueOf(shards.shards()));
    identity.put("batch", String.valueOf(o.batch()));
    identity.put("schedule", "tick " + o.tickKimg() + ", double-ticks " + o.doubleTicks());
    identity.put("loss", o.loss(0).toString());
    identity.put("optimizer", o.optimizer().toString());
    // In the words of the first states that were written.
    identity.put(
        "ema",
        o.emaBeta() >= 0
            ? "EmaSpec[beta=" + o.emaBeta() + ", halfLifeImages=0.0, rampUpRatio=0.0]"
            : "EmaSpec[beta=-1.0, halfLifeImages="
                + o.emaHalflifeKimg() * 1000
                + ", rampUpRatio="
                + o.emaRampupRatio()
                + "]");
    if (!o.emas().isEmpty()) {
      identity.put("emas", o.emas().stream().map(EmaSpec::id).sorted().toList().toString());
    }
    identity.put("augment", String.valueOf(o.augment()));
    if (encoding == ExchangeConfig.Encoding.THRESHOLD) {
      // Other updates, so another run; dense gradients are those of a single executor.
      identity.put("exchange", encoding.id());
    }
    return identity;
  }
}

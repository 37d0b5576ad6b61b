package dev.ect.spark.config;

import dev.ect.model.tuning.EctLoss;
import dev.ect.model.tuning.EdmLoss;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.Loss;
import dev.ect.model.tuning.Mapping;
import dev.ect.model.tuning.OptimizerSpec;
import dev.ect.model.tuning.TickSchedule;
import java.io.Serializable;
import java.util.List;
import java.util.function.Predicate;

/**
 * The section {@code tuning} or {@code pretraining}: what is minimised, and how.
 *
 * @param kind which of the two
 * @param batch images per step, all executors together
 * @param batchGpu images per round on one device
 * @param durationMimg million images
 * @param tickKimg thousand images per tick
 * @param doubleTicks ticks per stage
 * @param q factor by which a stage shrinks t - r
 * @param k of the sigmoid mapping
 * @param b of the sigmoid mapping
 * @param c smoothing of the distance
 * @param mapping the form of n(t)
 * @param pMean mean of the logarithm of the noise level
 * @param pStd its standard deviation
 * @param optim optimiser
 * @param lr learning rate
 * @param lrRampupKimg thousand images of linear ramp-up
 * @param emaBeta decay of the EMA; negative where the half-life decides
 * @param emaHalflifeKimg half-life of the EMA in thousand images
 * @param emaRampupRatio largest half-life as a share of the images seen; 0 for no limit
 * @param emas further moving averages of the weights, all different
 * @param dropout probability with which an activation is dropped
 * @param labelDropout probability with which a class label is zeroed
 * @param augment probability of each augmentation
 */
public record ObjectiveConfig(
    Kind kind,
    int batch,
    int batchGpu,
    double durationMimg,
    double tickKimg,
    long doubleTicks,
    double q,
    double k,
    double b,
    double c,
    Mapping mapping,
    double pMean,
    double pStd,
    OptimizerSpec.Kind optim,
    double lr,
    double lrRampupKimg,
    double emaBeta,
    double emaHalflifeKimg,
    double emaRampupRatio,
    List<EmaSpec> emas,
    double dropout,
    double labelDropout,
    double augment)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What a run does. */
  public enum Kind {
    /** Easy Consistency Tuning. */
    TUNING("ect"),
    /** Diffusion pretraining with EDM's loss. */
    PRETRAINING("edm");

    private final String id;

    Kind(String id) {
      this.id = id;
    }

    /** {@code ect} or {@code edm}, as in a run directory's name. */
    public String id() {
      return id;
    }

    /** The section of the configuration. */
    public String section() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  static ObjectiveConfig read(ConfigReader in, Kind kind) {
    String at = kind.section() + ".";
    boolean ect = kind == Kind.TUNING;
    Predicate<Double> positive = v -> v > 0;
    Predicate<Double> atLeast0 = v -> v >= 0;
    Predicate<Double> share = v -> v >= 0 && v < 1;
    int batch = in.count(at + "batch", 1);
    return new ObjectiveConfig(
        kind,
        batch,
        in.autoCount(at + "batch-gpu", 1).orElse(batch),
        in.number(at + "duration", "more than 0", positive),
        in.number(at + "tick", "more than 0", positive),
        ect ? in.integer(at + "double-ticks", 1, Integer.MAX_VALUE) : 1,
        ect ? in.number(at + "q", "more than 1", v -> v > 1) : EctLoss.DEFAULT.q(),
        ect ? in.number(at + "k", "at least 0", atLeast0) : EctLoss.DEFAULT.k(),
        ect ? in.number(at + "b", "at least 0", atLeast0) : EctLoss.DEFAULT.b(),
        ect ? in.number(at + "c", "at least 0", atLeast0) : EctLoss.DEFAULT.c(),
        ect ? in.parsed(at + "mapping", Mapping::of, Mapping.SIGMOID) : Mapping.SIGMOID,
        in.number(at + "p-mean", "any", v -> true),
        in.number(at + "p-std", "more than 0", positive),
        in.parsed(at + "optim", OptimizerSpec.Kind::of, OptimizerSpec.Kind.RADAM),
        in.number(at + "lr", "more than 0", positive),
        in.number(at + "lr-rampup-kimg", "at least 0", atLeast0),
        in.autoNumber(at + "ema-beta", "at least 0 and less than 1, or auto", share).orElse(-1.0),
        in.number(at + "ema-halflife-kimg", "more than 0", positive),
        in.number(at + "ema-rampup-ratio", "at least 0", atLeast0),
        emas(in, at + "emas"),
        in.number(at + "dropout", "at least 0 and less than 1", share),
        in.number(at + "label-dropout", "at least 0 and less than 1", share),
        in.number(at + "augment", "from 0 to 1", v -> v >= 0 && v <= 1));
  }

  private static List<EmaSpec> emas(ConfigReader in, String key) {
    List<EmaSpec> emas = in.parsedList(key, EmaSpec::parse);
    List<String> ids = emas.stream().map(EmaSpec::id).toList();
    if (ids.stream().distinct().count() < ids.size()) {
      in.problem(key, ids + "; expected each of them once");
    }
    return emas;
  }

  /** The loss at a stage of the schedule. */
  public Loss loss(int stage) {
    return kind == Kind.TUNING
        ? new EctLoss(pMean, pStd, mapping, q, k, b, c, stage)
        : new EdmLoss(pMean, pStd);
  }

  public OptimizerSpec optimizer() {
    return new OptimizerSpec(optim, lr, 0.9, 0.999, 1e-8, lrRampupKimg * 1000);
  }

  public EmaSpec ema() {
    return emaBeta >= 0
        ? EmaSpec.fixed(emaBeta)
        : EmaSpec.halfLife(emaHalflifeKimg * 1000, emaRampupRatio);
  }

  public TickSchedule schedule() {
    return new TickSchedule(batch, tickKimg, doubleTicks, Math.round(durationMimg * 1e6));
  }
}

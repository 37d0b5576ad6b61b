package dev.ect.spark.evaluation;

import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.FrechetDistance;
import dev.ect.model.metrics.InceptionScore;
import dev.ect.model.metrics.KernelDistance;
import dev.ect.model.metrics.Metric;
import dev.ect.model.metrics.MetricFamily;
import dev.ect.spark.evaluation.FeatureRequest.Output;
import dev.ect.spark.report.StageProgress;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkContext;

/** What generated images are to real ones: makes all numbers of a plan from passes over them. */
final class Comparison {
  /** Samplers of one pass: each needs sums of its own in every task, 20 MB for Inception's. */
  private static final int SAMPLERS = 4;

  private static final double NANOS = 1e9;

  private final SparkContext spark;
  private final EvaluationPlan plan;
  private final FeatureStage stage;
  private final Detectors detectors;
  private final RealFeatures real;
  private final PrintStream out;

  /**
   * @param out for progress
   */
  Comparison(
      SparkContext spark,
      EvaluationPlan plan,
      FeatureStage stage,
      Detectors detectors,
      RealFeatures real,
      PrintStream out) {
    this.spark = spark;
    this.plan = plan;
    this.stage = stage;
    this.detectors = detectors;
    this.real = real;
    this.out = out;
  }

  /**
   * Measures one repeat.
   *
   * @param source of the generated images; its samplers are replaced by the measurements'
   * @param batch images generated at once
   */
  List<Measured> measure(GeneratedImages source, int batch, int repeat) {
    List<List<Double>> samplers =
        plan.measurements().stream().map(Measurement::midT).distinct().toList();
    List<Measured> measured = new ArrayList<>();
    for (int from = 0; from < samplers.size(); from += SAMPLERS) {
      List<List<Double>> some = samplers.subList(from, Math.min(samplers.size(), from + SAMPLERS));
      List<Measurement> measurements =
          plan.measurements().stream().filter(each -> some.contains(each.midT())).toList();
      String part =
          samplers.size() <= SAMPLERS
              ? ""
              : ", samplers " + (from + 1) + "-" + (from + some.size()) + " of " + samplers.size();
      measured.addAll(measure(source.with(List.copyOf(some)), measurements, batch, repeat, part));
    }
    return measured;
  }

  private List<Measured> measure(
      GeneratedImages source, List<Measurement> measurements, int batch, int repeat, String part) {
    long begin = System.nanoTime();
    Requests requests = new Requests(source.midTs());
    measurements.forEach(requests::add);
    // By all measurements, so that every pass of a repeat has the same images.
    int count =
        plan.measurements().stream().mapToInt(each -> each.metric().count()).max().orElse(0);
    int most = measurements.stream().mapToInt(each -> each.metric().count()).max().orElseThrow();
    ImageRange images = new ImageRange((long) repeat * count, most);
    int repeats = plan.config().repeats();
    String turn = repeats == 1 ? "" : ", repeat " + (repeat + 1) + " of " + repeats;
    String unit = "images" + turn + part;
    FeatureStage.Pass pass =
        new FeatureStage.Pass(
            "generating", unit, source, images, batch, requests.all, requests.sums, requests.keep);
    try (FeatureStage.Done done = stage.run(pass, detectors)) {
      Map<Measurement, Map<String, Double>> values = new LinkedHashMap<>();
      for (Measurement each : measurements) {
        values.put(each, values(each.metric(), requests.of(each), done));
      }
      double seconds = (System.nanoTime() - begin) / NANOS;
      return values.entrySet().stream()
          .map(
              each ->
                  new Measured(
                      each.getKey(),
                      repeat,
                      new ImageRange(images.first(), each.getKey().metric().count()),
                      each.getValue(),
                      realImages(each.getKey().metric().family()),
                      seconds))
          .toList();
    }
  }

  /** What a pass is asked for. */
  private static final class Requests {
    private final List<List<Double>> samplers;
    private final List<FeatureRequest> all = new ArrayList<>();
    private final List<PassSums.Wanted> sums = new ArrayList<>();
    private boolean keep;

    Requests(List<List<Double>> samplers) {
      this.samplers = samplers;
    }

    void add(Measurement measurement) {
      MetricFamily family = measurement.metric().family();
      if (of(measurement) < 0) {
        all.add(request(measurement));
      }
      if (family.isFrechet() || family == MetricFamily.INCEPTION_SCORE) {
        PassSums.Wanted sum = sum(measurement.metric(), of(measurement));
        if (!sums.contains(sum)) {
          sums.add(sum);
        }
      } else {
        keep = true;
      }
    }

    /** Its place; -1 before it was added. */
    int of(Measurement measurement) {
      return all.indexOf(request(measurement));
    }

    private FeatureRequest request(Measurement measurement) {
      MetricFamily family = measurement.metric().family();
      return new FeatureRequest(
          samplers.indexOf(measurement.midT()),
          family.detector(),
          family == MetricFamily.INCEPTION_SCORE ? Output.PROBABILITIES : Output.FEATURES,
          Long.MAX_VALUE);
    }

    static PassSums.Wanted sum(Metric metric, int request) {
      return new PassSums.Wanted(
          request, metric.count(), metric.family() == MetricFamily.INCEPTION_SCORE);
    }
  }

  private Map<String, Double> values(Metric metric, int request, FeatureStage.Done done) {
    String name = metric.name();
    SetFeatures features = new SetFeatures(done.chunks(), request, metric.count());
    Map<String, Double> values = new LinkedHashMap<>();
    switch (metric.family()) {
      case FID, FD_DINOV2 -> {
        CovarianceDivisor divisor = plan.divisor(metric.family());
        values.put(
            name,
            FrechetDistance.between(
                done.sums().moments(Requests.sum(metric, request)).statistics(divisor),
                real.statistics(metric.family().detector()).withDivisor(divisor),
                Runtime.getRuntime().availableProcessors()));
      }
      case INCEPTION_SCORE -> {
        InceptionScore.Result score = done.sums().score(Requests.sum(metric, request)).result();
        values.put(name + "_mean", score.mean());
        values.put(name + "_std", score.deviation());
      }
      case KID -> values.put(name, kernelDistance(metric, features));
      case PRECISION_RECALL -> {
        PrecisionRecallStage.Result result = precisionRecall(metric, features);
        values.put(name + "_precision", result.precision());
        values.put(name + "_recall", result.recall());
      }
    }
    return values;
  }

  private double kernelDistance(Metric metric, SetFeatures generated) {
    String work = metric.name() + ": comparing";
    try (JobGroup group = new JobGroup(spark, work);
        StageProgress progress =
            new StageProgress(spark, out, work, KernelDistance.SUBSETS, "subsets")) {
      double distance =
          KernelDistanceStage.of(
              real.features(metric.family()),
              generated,
              plan.seed(),
              plan.threads(),
              progress.counter());
      progress.finished();
      return distance;
    }
  }

  private PrecisionRecallStage.Result precisionRecall(Metric metric, SetFeatures generated) {
    String work = metric.name() + ": comparing";
    PrecisionRecallStage stage =
        new PrecisionRecallStage(
            real.features(metric.family()), generated, Metric.PR_NEIGHBOUR, plan.threads());
    try (JobGroup group = new JobGroup(spark, work);
        StageProgress progress =
            new StageProgress(spark, out, work, stage.pairs(), "pairs of blocks")) {
      PrecisionRecallStage.Result result = stage.run(progress.counter());
      progress.finished();
      return result;
    }
  }

  private long realImages(MetricFamily family) {
    if (!family.needsReal()) {
      return 0;
    }
    return family.isFrechet()
        ? real.statistics(family.detector()).count()
        : real.features(family).count();
  }
}

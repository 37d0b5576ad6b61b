package dev.ect.spark.plan;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Engines;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.exchange.ThresholdBenchmark;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * Measures steps and the threshold encoding in a few executors at once, so that they share the
 * machine as they will in a run.
 */
public final class LoadedMeasurement
    extends AbstractFunction1<Iterator<Integer>, Iterator<LoadedMeasurement.Result>>
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int WARM_UP = 3;
  private static final int STEPS = 5;

  /**
   * What an executor measured.
   *
   * @param engine its name
   * @param device in words
   * @param share of a core that its first thread had: 1 where nothing else runs
   * @param step what its steps cost
   * @param threshold what its encoding cost
   */
  public record Result(
      String engine,
      String device,
      double share,
      StepCosts step,
      ThresholdBenchmark.Result threshold)
      implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  private final String spec;
  private final ObjectiveConfig objective;
  private final EngineConfig engine;
  private final int threads;
  private final ExchangeConfig.Threshold threshold;
  private final List<Integer> sizes;
  private final double seconds;
  private final long values;

  /**
   * @param threads CPU threads of an executor
   * @param sizes images of the rounds to measure
   * @param seconds for each of them, before the steps that count, and again for those
   * @param values of the update to encode
   */
  public LoadedMeasurement(
      NetworkSpec spec,
      ObjectiveConfig objective,
      EngineConfig engine,
      int threads,
      ExchangeConfig.Threshold threshold,
      List<Integer> sizes,
      double seconds,
      long values) {
    this.spec = spec.toJson();
    this.objective = objective;
    this.engine = engine;
    this.threads = threads;
    this.threshold = threshold;
    this.sizes = List.copyOf(sizes);
    this.seconds = seconds;
    this.values = values;
  }

  /** Measures in so many executors; returns what the first one found. */
  public Result in(JavaSparkContext spark, int executors) {
    List<Integer> ranks = IntStream.range(0, executors).boxed().toList();
    return spark
        .parallelize(ranks, executors)
        .rdd()
        .barrier()
        .mapPartitions(this, false, ClassTag$.MODULE$.<Result>apply(Result.class))
        .toJavaRDD()
        .collect()
        .get(0);
  }

  @Override
  public Iterator<Result> apply(Iterator<Integer> ignored) {
    try (Engine own = Engines.open(engine.name(), engine.options(threads))) {
      ThreadMXBean thread = ManagementFactory.getThreadMXBean();
      BarrierTaskContext.get().barrier();
      long begin = System.nanoTime();
      long worked = thread.getCurrentThreadCpuTime();
      StepCosts step =
          StepMeasurement.run(
              own,
              NetworkSpec.fromJson(spec),
              objective,
              sizes,
              WARM_UP,
              STEPS,
              seconds,
              0,
              line -> {});
      ThresholdBenchmark.Result encoding =
          ThresholdBenchmark.run(own, threshold, values, WARM_UP, STEPS);
      double share =
          Math.min(
              1,
              (double) (thread.getCurrentThreadCpuTime() - worked) / (System.nanoTime() - begin));
      Result result = new Result(own.name(), own.device(), share, step, encoding);
      return JavaConverters.asScalaIterator(List.of(result).iterator());
    }
  }
}

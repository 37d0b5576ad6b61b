package dev.ect.spark.api;

import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.training.MemoryPlan;
import dev.ect.spark.training.RunObserver;
import dev.ect.spark.training.RunPlan;
import dev.ect.spark.training.RunPlanner;
import dev.ect.spark.training.SparkContexts;
import dev.ect.spark.training.TrainingJob;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A training run that can start.
 *
 * @param store where its files are
 * @param config how it is configured
 * @param planned what it will do
 * @param warnings what memory it is likely to lack, a line each
 */
public record Training(
    HadoopStore store, JobConfig config, RunPlanner.Planned planned, List<String> warnings) {

  /**
   * Plans a run.
   *
   * @param conf Spark's settings
   * @throws dev.ect.spark.config.UserError with a line for everything that is wrong
   * @throws IOException if a file cannot be read; the message names it
   */
  public static Training plan(HadoopStore store, JobConfig config, SparkConf conf)
      throws IOException {
    int threads = SparkContexts.threads(conf, config.spark().executors());
    RunPlanner.Planned planned = RunPlanner.plan(store, config, threads);
    return new Training(store, config, planned, warnings(config, planned.plan(), conf));
  }

  private static List<String> warnings(JobConfig config, RunPlan plan, SparkConf conf) {
    int executors = config.spark().executors();
    boolean gpu =
        config.engine().device().startsWith("cuda")
            || conf.contains("spark.task.resource.gpu.amount");
    double images = (double) plan.index().size() * plan.index().shape().size() / executors;
    double cache = Math.min(images, config.data().cacheMib() * (double) (1 << 20));
    int round = Math.min(config.objective().batchGpu(), config.objective().batch() / executors);
    int emas = config.objective().emas().size();
    return MemoryPlan.of(plan.network(), emas, Math.max(1, round), executors, cache, gpu)
        .warnings(conf, MemoryPlan.Host.here());
  }

  /**
   * The run on a Spark, which stays the caller's.
   *
   * @param out for its lines
   */
  public TrainingJob job(JavaSparkContext spark, RunObserver listener, PrintStream out) {
    warnings.forEach(warning -> out.println("warning: " + warning));
    return new TrainingJob(
        spark, store, config, planned, ConfigSources.render(config.resolved()), listener, out);
  }
}

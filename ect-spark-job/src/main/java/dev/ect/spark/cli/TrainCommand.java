package dev.ect.spark.cli;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.io.Addresses;
import dev.ect.model.network.Network;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.spark.api.Training;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.NetworkCost;
import dev.ect.spark.report.RunLog;
import dev.ect.spark.training.RunObserver;
import dev.ect.spark.training.RunPlan;
import dev.ect.spark.training.RunPlanner;
import dev.ect.spark.training.RunSummary;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What tuning and pretraining have in common. */
abstract class TrainCommand implements Callable<Integer> {
  private final PrintStream out;
  private final ObjectiveConfig.Kind kind;

  @Mixin private ConfigOptions options;

  @Option(
      names = "--dry-run",
      description = "Check everything, print the configuration and the plan, and stop there.")
  private boolean dryRun;

  TrainCommand(PrintStream out, ObjectiveConfig.Kind kind) {
    this.out = out;
    this.kind = kind;
  }

  @Override
  public Integer call() throws IOException {
    HadoopStore store = Stores.open();
    JobConfig config = options.read(store, kind);
    if (!dryRun) {
      RunSummary summary = run(config, out);
      out.printf(
          Locale.ROOT,
          "%s %s: %d steps, %.1f kimg, %.1f img/sec%n",
          summary.stopped() ? "stopped" : "finished",
          summary.directory().path(),
          summary.step(),
          summary.images() / 1000.0,
          summary.imagesPerSecond());
      return 0;
    }
    SparkConf conf = SparkContexts.barrierSettings(config.spark());
    Training training = Training.plan(store, config, conf);
    out.println(ConfigSources.render(config.resolved()));
    describe(config, training.planned(), conf);
    training.warnings().forEach(warning -> out.println("warning: " + warning));
    return 0;
  }

  /**
   * Trains as configured.
   *
   * @param out for the run's lines
   */
  static RunSummary run(JobConfig config, PrintStream out) throws IOException {
    SparkConf conf = SparkContexts.barrierSettings(config.spark());
    Training training = Training.plan(Stores.of(conf), config, conf);
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      return training.job(spark, RunObserver.NONE, out).run();
    }
  }

  private void describe(JobConfig config, RunPlanner.Planned planned, SparkConf conf) {
    RunPlan plan = planned.plan();
    DatasetIndex index = plan.index();
    Network network = plan.network();
    TickSchedule schedule = plan.schedule();
    long parameters = network.parameters().size();
    NetworkCost cost = NetworkCost.of(network);
    int round = Math.min(config.objective().batchGpu(), config.objective().batch());
    line(
        "dataset",
        "%s: %d images, %s, %d labels",
        Addresses.withoutSecrets(index.path()),
        index.size(),
        index.shape(),
        index.labelDim());
    line(
        "network",
        "%s, %,d parameters, %.2f GFLOP per image forward",
        plan.spec().arch().id(),
        parameters,
        cost.forwardFlops() / 1e9);
    line(
        "steps",
        "%d of %d images; %d per tick, %d ticks, %d stages",
        schedule.totalSteps(),
        schedule.batch(),
        schedule.stepsPerTick(),
        schedule.tick(schedule.totalSteps() - 1) + 1,
        schedule.stage(schedule.totalSteps() - 1) + 1);
    line(
        "start",
        "%s",
        planned.start().step() == 0
            ? "from the beginning"
            : "after step " + planned.start().step());
    line(
        "spark",
        "%s, %d executors, %s threads each, %d virtual shards",
        conf.get("spark.master"),
        config.spark().executors(),
        plan.threads() == 0 ? "all" : plan.threads(),
        plan.shards().shards());
    line(
        "memory",
        "about %.1f GiB per executor at %d images per round, in float32",
        cost.trainingBytes(parameters, config.objective().emas().size(), round) / (1 << 30),
        round);
    line(
        "evaluation",
        "%s",
        planned
            .evaluation()
            .map(
                evaluation ->
                    config.evaluation().metrics()
                        + " every "
                        + config.run().evalEvery()
                        + " ticks and at the end")
            .orElse("none (run.eval-every)"));
    line("run directory", "%s%s", plan.directory().path(), planned.isNew() ? "" : " (exists)");
  }

  private void line(String what, String format, Object... values) {
    out.printf("%-14s %s%n", what, String.format(Locale.ROOT, format, values));
  }

  /** Such as {@code 2m 05s}. */
  static String duration(long nanos) {
    return RunLog.duration(nanos / 1e9);
  }
}

package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.engine.Engines;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.ExchangeConfig.Encoding;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.plan.ExchangeCosts;
import dev.ect.spark.plan.ExchangeMeasurement;
import dev.ect.spark.plan.LoadedMeasurement;
import dev.ect.spark.plan.Measurements;
import dev.ect.spark.plan.Site;
import dev.ect.spark.plan.StepModel;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.Timings;
import dev.ect.spark.training.RunObserver;
import dev.ect.spark.training.RunPlanner;
import dev.ect.spark.training.SparkContexts;
import dev.ect.spark.training.TrainingJob;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Compares predictions with runs of a small network on 1, 2 and 4 executors of this machine. They
 * share its cores: each has its part of them in the model, and steps are measured in as many
 * executors at once as there will be, up to the number that fill the cores. Measuring and running
 * take turns, and medians over the turns are compared, so that both see the same machine whatever
 * else it does.
 */
final class PlanCheck {
  private static final int PIXELS = 8;
  private static final int IMAGES = 512;

  /** Ticks at the start of a run that are not compared: six steps. */
  private static final int SKIPPED = 2;

  /** In which everything is measured and run once. */
  private static final int TURNS = 5;

  /** Of steps that are timed, and of others before them. */
  private static final double SECONDS = 1;

  /** Its steps are mostly passes, as those of real networks are. */
  private static final List<String> SETTINGS =
      List.of(
          "network.model-channels=32",
          "network.channel-mult=[1, 2]",
          "network.num-blocks=1",
          "network.attn-resolutions=[4]",
          "tuning.batch=16",
          // 41 steps: one, then ticks of five
          "tuning.duration=0.000656",
          "tuning.tick=0.08",
          // all images have a teacher, from the first step on
          "tuning.q=256",
          "run.grid=1",
          "run.sample-every=1000000",
          "run.snapshot-every=1000000",
          "run.state-every=1000000",
          "run.checkpoint-every=1000000",
          "spark.segment-ticks=1000000");

  /**
   * 200 steps of a smaller network, whatever the overrides say: virtual machines compile in them
   * what all networks repeat.
   */
  private static final List<String> WARM_UP =
      List.of("network.model-channels=8", "tuning.batch=8", "tuning.duration=0.0016");

  private final PrintStream out;
  private final List<String> overrides;
  private double leastShare = 1;

  PlanCheck(PrintStream out, List<String> overrides) {
    this.out = out;
    this.overrides = List.copyOf(overrides);
  }

  /**
   * Checks.
   *
   * @param counts numbers of executors
   * @throws UserError unless Spark's master has as many executors, in JVMs of their own
   */
  List<PlanComparison.Row> run(List<Integer> counts) throws IOException, InterruptedException {
    String folder = Files.createTempDirectory("ect-plan").toString();
    try {
      return run(folder, counts);
    } finally {
      Stores.open().delete(folder);
    }
  }

  private List<PlanComparison.Row> run(String folder, List<Integer> counts)
      throws IOException, InterruptedException {
    int most = counts.stream().mapToInt(each -> each).max().orElseThrow();
    String data = Store.join(folder, "data.zip");
    JobConfig config = config(folder, data, most, Encoding.DENSE, List.of());
    SparkConf conf = SparkContexts.barrierSettings(config.spark());
    String master = conf.get("spark.master");
    if (!master.startsWith("local-cluster")) {
      throw new UserError(
          "spark.master is "
              + master
              + "; expected executors on this machine for --check:"
              + " ECT_MASTER='local-cluster["
              + most
              + ",1,1024]' deploy/ect plan --check");
    }
    Scene scene = scene(config, conf);
    HadoopStore store = Stores.of(conf);
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      DatasetCommand.Synthesize.write(store, data, ImageShape.square(3, PIXELS), IMAGES, 0);
      out.printf("warming up %d executors ...%n", most);
      for (Encoding encoding : Encoding.values()) {
        String elsewhere = Store.join(folder, "warm-up");
        measure(spark, store, conf, config(elsewhere, data, most, encoding, WARM_UP));
      }
      PlanComparison found = new PlanComparison(out);
      for (int turn = 1; turn <= TURNS; turn++) {
        found.turn(turn, TURNS);
        ExchangeCosts exchange = exchangeCosts(config, scene);
        for (int count : counts) {
          Measurements now = measurements(spark, config, scene, exchange, count);
          StepModel model = new StepModel(now, config);
          double server = count == 1 ? 0 : now.exchange().idleCores();
          double cores = (scene.cores() - server) / count;
          Site site = new Site(count, cores, Double.POSITIVE_INFINITY, 0, 0);
          for (Encoding encoding :
              count == 1 ? List.of(Encoding.DENSE) : List.of(Encoding.values())) {
            found.add(
                count,
                encoding,
                model.predict(site, encoding, 1, Double.NaN).stepSeconds(),
                measure(spark, store, conf, config(folder, data, count, encoding, List.of())));
          }
        }
      }
      found.print(leastShare);
      return found.rows();
    }
  }

  private static ExchangeCosts exchangeCosts(JobConfig config, Scene scene)
      throws IOException, InterruptedException {
    return ExchangeMeasurement.run(
        config.exchange(),
        () -> Engines.open(config.engine().name(), config.engine().options(scene.threads())),
        scene.parameters(),
        line -> {});
  }

  private JobConfig config(
      String folder, String data, int executors, Encoding encoding, List<String> special) {
    List<String> of =
        List.of(
            "data.path=" + data,
            "run.outdir=" + Store.join(folder, encoding.id() + executors),
            "spark.executors=" + executors,
            "exchange.encoding=" + encoding.id());
    return JobConfig.of(
        ObjectiveConfig.Kind.TUNING,
        ConfigSources.overrides(of),
        ConfigSources.overrides(special),
        ConfigSources.overrides(overrides),
        ConfigSources.overrides(SETTINGS));
  }

  /** What is the same for all numbers of executors. */
  private record Scene(NetworkSpec spec, long parameters, int cores, int threads) {}

  private Scene scene(JobConfig config, SparkConf conf) {
    NetworkSpec spec = config.network().spec(PIXELS, 3, 0, config.objective());
    int threads = config.engine().options(SparkContexts.threads(conf, 1)).threads();
    Scene scene =
        new Scene(
            spec,
            Network.of(spec).parameters().size(),
            Runtime.getRuntime().availableProcessors(),
            threads);
    out.printf(
        Locale.ROOT,
        "%s, %,d parameters, batch %d, on %s: threads per executor: %d, cores of the machine: %d%n",
        spec.arch().id(),
        scene.parameters(),
        config.objective().batch(),
        conf.get("spark.master"),
        threads,
        scene.cores());
    return scene;
  }

  /** Measures right before the runs: what else the machine does changes. */
  private Measurements measurements(
      JavaSparkContext spark, JobConfig config, Scene scene, ExchangeCosts exchange, int count) {
    int images =
        StepModel.images(count, config.objective().batch(), config.data().virtualShards())
            .orElseThrow();
    int atOnce = Math.min(count, Math.max(1, scene.cores() / scene.threads()));
    LoadedMeasurement.Result found =
        new LoadedMeasurement(
                scene.spec(),
                config.objective(),
                config.engine(),
                scene.threads(),
                config.exchange().threshold(),
                List.of(images),
                SECONDS,
                scene.parameters())
            .in(spark, atOnce);
    leastShare = Math.min(leastShare, found.share());
    return new Measurements(
        scene.spec().arch().id(),
        scene.parameters(),
        found.engine(),
        config.engine().precision().id(),
        found.device(),
        scene.threads(),
        scene.cores(),
        found.step(),
        exchange.slowerBy(1 / found.share()),
        found.threshold());
  }

  /** Seconds of a step of a run: the median over its ticks, without the first ones. */
  private static double measure(
      JavaSparkContext spark, HadoopStore store, SparkConf conf, JobConfig config)
      throws IOException {
    int threads = SparkContexts.threads(conf, config.spark().executors());
    RunPlanner.Planned planned = RunPlanner.plan(store, config, threads);
    RunDirectory directory;
    try (PrintStream silent =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      String rendered = ConfigSources.render(config.resolved());
      directory =
          new TrainingJob(spark, store, config, planned, rendered, RunObserver.NONE, silent)
              .run()
              .directory();
    }
    List<Double> seconds = new ArrayList<>();
    for (String line : directory.text(store, "stats.jsonl").lines().skip(SKIPPED).toList()) {
      JsonNode tick = new ObjectMapper().readTree(line);
      seconds.add(tick.get("seconds").asDouble() / tick.get("steps").asDouble());
    }
    return Timings.median(seconds.stream().mapToDouble(each -> each).toArray());
  }
}

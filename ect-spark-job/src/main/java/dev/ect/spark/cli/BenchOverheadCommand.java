package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.training.PlainLoop;
import dev.ect.spark.training.RunPlanner;
import dev.ect.spark.training.RunSummary;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What Spark costs. */
@Command(
    name = "overhead",
    description =
        "Compares a job on one executor with the same steps in a plain loop. From the job's first"
            + " step to its last, what is not spent in steps is Spark's: stages, ticks,"
            + " checkpoints. Whether the steps themselves are slower shows beside the loop, as far"
            + " as the machine is quiet.")
final class BenchOverheadCommand implements Callable<Integer> {
  private static final int RESOLUTION = 16;
  private static final int IMAGES = 2000;
  private static final int WARM_UP = 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Seconds of a job: from its first step to its last, and of those in steps. */
  private record Course(double wall, double inSteps) {}

  private final PrintStream out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "demo",
      description = "Configuration file or preset. Default: ${DEFAULT-VALUE}.")
  private String file;

  @Option(
      names = "--steps",
      defaultValue = "300",
      description = "Steps, at least 1. Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--rounds",
      defaultValue = "1",
      description = "Repetitions. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Parameters(paramLabel = "key=value", description = "Overrides.")
  private List<String> overrides = List.of();

  BenchOverheadCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (steps < 1 || rounds < 1) {
      throw new UserError("expected --steps and --rounds of at least 1");
    }
    Store store = new LocalStore();
    String folder = Files.createTempDirectory("ect-bench").toString();
    try {
      String data = Store.join(folder, "data.zip");
      DatasetCommand.Synthesize.write(store, data, ImageShape.square(3, RESOLUTION), IMAGES, 0);
      double loop = Double.MAX_VALUE;
      double fastest = Double.MAX_VALUE;
      double wall = 0;
      double inSteps = 0;
      for (int round = 0; round < rounds; round++) {
        double alone = loop(store, config(folder, data));
        Course job = job(store, config(folder, data));
        out.printf(
            Locale.ROOT,
            "round %d: loop %.3f s, job %.3f s, of it %.3f s in steps%n",
            round + 1,
            alone,
            job.wall(),
            job.inSteps());
        loop = Math.min(loop, alone);
        fastest = Math.min(fastest, job.inSteps());
        wall += job.wall();
        inSteps += job.inSteps();
      }
      out.printf(
          Locale.ROOT,
          "%d steps: outside of its steps the job spends %.2f %% of their time; the steps take"
              + " %.3f times as long as in a plain loop (least of %d rounds each)%n",
          steps,
          100 * (wall / inSteps - 1),
          fastest / loop,
          rounds);
    } finally {
      store.delete(folder);
    }
    return 0;
  }

  private JobConfig config(String folder, String data) {
    List<String> places = new ArrayList<>();
    places.add("data.path=" + data);
    places.add("run.outdir=" + Path.of(folder, "runs"));
    // a stage per tick, and no sample grids, which the loop does not make
    places.add("spark.segment-ticks=1");
    places.add("run.sample-every=" + Integer.MAX_VALUE);
    int batch =
        JobConfig.of(
                ObjectiveConfig.Kind.TUNING,
                ConfigSources.overrides(overrides),
                ConfigSources.file(file))
            .objective()
            .batch();
    places.add(
        String.format(Locale.ROOT, "tuning.duration=%.9f", steps * (double) batch / 1_000_000));
    return JobConfig.of(
        ObjectiveConfig.Kind.TUNING,
        ConfigSources.overrides(places),
        ConfigSources.overrides(overrides),
        ConfigSources.file(file));
  }

  private double loop(Store store, JobConfig config) throws IOException, InterruptedException {
    int threads = SparkContexts.threads(SparkContexts.settings(config.spark()));
    return PlainLoop.seconds(store, RunPlanner.plan(store, config, threads).plan(), WARM_UP, steps);
  }

  private static Course job(Store store, JobConfig config) throws IOException {
    RunSummary summary;
    try (PrintStream silent =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      summary = TrainCommand.run(config, silent);
    }
    double begin = Double.MAX_VALUE;
    double end = 0;
    double inSteps = 0;
    for (String line : summary.directory().text(store, "stats.jsonl").lines().toList()) {
      JsonNode tick = JSON.readTree(line);
      double start = tick.get("startMillis").asDouble() / 1000;
      double seconds = tick.get("seconds").asDouble();
      begin = Math.min(begin, start);
      // The last tick's checkpoint and grids are the job's end, not between its steps.
      end = Math.max(end, start + seconds);
      inSteps += seconds;
    }
    return new Course(end - begin, inSteps);
  }
}

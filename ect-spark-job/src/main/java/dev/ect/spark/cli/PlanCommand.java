package dev.ect.spark.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.config.ExchangeConfig.Encoding;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.plan.LocalMeasurement;
import dev.ect.spark.plan.Measurements;
import dev.ect.spark.plan.PlanTable;
import dev.ect.spark.plan.Prediction;
import dev.ect.spark.plan.Site;
import dev.ect.spark.plan.StepModel;
import dev.ect.spark.training.MemorySettings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a run would take on executors that are not there yet. */
@Command(
    name = "plan",
    description = {
      "Predicts step time, efficiency and cost of a tuning run on so many executors, dense and"
          + " threshold, from measurements made here and now, or on another machine (--measured).",
      "--check compares such predictions with real runs on this machine."
    })
final class PlanCommand implements Callable<Integer> {
  private static final List<Integer> CHECKED = List.of(1, 2, 4);
  private final PrintStream out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "cifar10",
      description = "Configuration file or preset. Default: ${DEFAULT-VALUE}.")
  private String file;

  @Option(
      names = "--executors",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,2,4,8",
      description = "Numbers of executors. Default: ${DEFAULT-VALUE}.")
  private List<Integer> executors;

  @Option(
      names = "--link-gbps",
      split = ",",
      paramLabel = "G",
      defaultValue = "25",
      description =
          "Speeds of an executor's link in each direction, Gbit/s. Default: ${DEFAULT-VALUE}.")
  private List<Double> links;

  @Option(
      names = "--latency-us",
      defaultValue = "50",
      description = "One way through the network, microseconds. Default: ${DEFAULT-VALUE}.")
  private double latencyMicros;

  @Option(
      names = "--mtu",
      defaultValue = "1500",
      description = "Of the network, bytes, 576 to 65535. Default: ${DEFAULT-VALUE}.")
  private int mtu;

  @Option(
      names = "--price-per-hour",
      paramLabel = "P",
      description = "Of an executor, in any currency. Without it the table shows hours.")
  private Double price;

  @Option(
      names = "--iterations",
      defaultValue = "200000",
      description = "Steps that hours and cost are for. Default: ${DEFAULT-VALUE}.")
  private long iterations;

  @Option(
      names = "--measured",
      paramLabel = "FILE",
      description = "Measurements from a file that --json wrote; measures nothing.")
  private Path measured;

  @Option(
      names = "--round-sizes",
      split = ",",
      paramLabel = "N",
      description =
          "Images of the rounds to measure. Default: the smallest and the largest that the plan"
              + " needs; on a CPU at most 8.")
  private List<Integer> sizes = List.of();

  @Option(
      names = "--warm-up",
      defaultValue = "1",
      description = "Steps of each size not counted. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--steps",
      defaultValue = "3",
      description = "Steps of each size counted. Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--resolution",
      defaultValue = "0",
      description = "Pixels; 64 for adm and else 32 unless given.")
  private int resolution;

  @Option(
      names = "--check",
      description =
          "Instead: runs a small network on 1, 2 and 4 executors of this machine, and compares;"
              + " about ten minutes. Takes a master local-cluster[4,1,1024].")
  private boolean check;

  @Option(
      names = "--memory",
      description =
          "Instead: the memory settings of Spark that a run on so many executors needs, as lines"
              + " for spark-defaults.conf and spark-submit; measures nothing. With"
              + " engine.device=cuda for GPUs.")
  private boolean memory;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Writes measurements and predictions there too.")
  private Path json;

  @Parameters(paramLabel = "key=value", description = "Overrides, such as tuning.batch=64.")
  private List<String> overrides = List.of();

  PlanCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (check) {
      List<PlanComparison.Row> rows = new PlanCheck(out, overrides).run(CHECKED);
      if (json != null) {
        PlanFile.write(json, rows);
      }
      return 0;
    }
    List<String> problems = new ArrayList<>();
    JobConfig config = config(problems);
    checkOptions(problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    NetworkSpec spec = spec(config);
    long parameters = parameters(spec);
    if (memory) {
      boolean gpu = config.engine().device().startsWith("cuda");
      Network network = Network.of(spec);
      for (int each : new TreeSet<>(executors)) {
        MemorySettings.of(config, network, each, gpu).lines().forEach(out::println);
        out.println();
      }
      return 0;
    }
    Measurements found =
        measured == null
            ? measure(config, spec, parameters)
            : PlanFile.measured(measured, parameters);
    StepModel model = new StepModel(found, config);
    List<Prediction> rows = new ArrayList<>();
    List<String> impossible = new ArrayList<>();
    for (int each : new TreeSet<>(executors)) {
      Optional<String> reason = impossible(each, config);
      reason.ifPresent(impossible::add);
      for (double link : each == 1 ? List.of(links.get(0)) : links) {
        Site site = new Site(each, found.cores(), link, latencyMicros / 1e6, mtu);
        for (Encoding encoding : each == 1 ? List.of(Encoding.DENSE) : List.of(Encoding.values())) {
          if (reason.isEmpty()) {
            rows.add(model.predict(site, encoding, iterations, price == null ? Double.NaN : price));
          }
        }
      }
    }
    int batch = config.objective().batch();
    PlanTable table = new PlanTable(out, found, batch, iterations);
    table.head();
    table.rows(rows);
    impossible.forEach(out::println);
    table.assumptions(
        latencyMicros,
        mtu,
        Math.min(config.spark().segmentTicks(), config.run().checkpointEvery()));
    if (json != null) {
      PlanFile.write(json, new PlanFile(found, iterations, batch, rows, impossible));
    }
    return 0;
  }

  private JobConfig config(List<String> problems) {
    Config explicit = ConfigSources.overrides(overrides, problems);
    Config fromFile = ConfigFactory.empty();
    try {
      fromFile = ConfigSources.file(file);
    } catch (UserError e) {
      problems.add(e.getMessage());
    }
    JobConfig config = JobConfig.read(problems, ObjectiveConfig.Kind.TUNING, explicit, fromFile);
    if (config.exchange().transport() == ExchangeConfig.Transport.GLOO) {
      problems.add("exchange.transport is gloo; expected parameter-server: plans are of that only");
    }
    return config;
  }

  private void checkOptions(List<String> problems) {
    require(
        problems,
        executors.stream().allMatch(n -> n >= 1),
        "--executors",
        executors,
        "at least 1 each");
    require(
        problems, links.stream().allMatch(g -> g > 0), "--link-gbps", links, "more than 0 each");
    require(problems, latencyMicros >= 0, "--latency-us", latencyMicros, "at least 0");
    require(problems, mtu >= 576 && mtu <= 65535, "--mtu", mtu, "576 to 65535");
    require(problems, price == null || price > 0, "--price-per-hour", price, "more than 0");
    require(problems, iterations >= 1, "--iterations", iterations, "at least 1");
    require(
        problems, sizes.stream().allMatch(n -> n >= 1), "--round-sizes", sizes, "at least 1 each");
    require(problems, warmUp >= 0, "--warm-up", warmUp, "at least 0");
    require(problems, steps >= 1, "--steps", steps, "at least 1");
    require(problems, resolution >= 0, "--resolution", resolution, "at least 1");
    if (measured != null && !Files.isRegularFile(measured)) {
      problems.add(measured + ": no such file (--measured)");
    }
  }

  private static void require(
      List<String> problems, boolean holds, String option, Object found, String expected) {
    if (!holds) {
      problems.add(option + " is " + found + "; expected " + expected);
    }
  }

  private NetworkSpec spec(JobConfig config) {
    boolean adm = config.network().arch() == Architecture.ADM;
    int pixels = resolution > 0 ? resolution : adm ? 64 : 32;
    int labels = !config.data().cond() ? 0 : adm ? 1000 : 10;
    return config.network().spec(pixels, 3, labels, config.objective());
  }

  private static long parameters(NetworkSpec spec) {
    try {
      return Network.of(spec).parameters().size();
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  private Measurements measure(JobConfig config, NetworkSpec spec, long parameters)
      throws IOException, InterruptedException {
    out.printf(
        Locale.ROOT,
        "measuring %s, %,d parameters, %d pixels ...%n",
        spec.arch().id(),
        parameters,
        spec.imgResolution());
    return LocalMeasurement.run(
        config,
        spec,
        parameters,
        sizes,
        executors,
        warmUp,
        steps,
        line -> out.println("  " + line));
  }

  private static Optional<String> impossible(int executors, JobConfig config) {
    int batch = config.objective().batch();
    if (StepModel.images(executors, batch, config.data().virtualShards()).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        executors > batch
            ? String.format(
                Locale.ROOT,
                "%d executors: not possible, the batch has %d images (tuning.batch)",
                executors,
                batch)
            : String.format(
                Locale.ROOT,
                "%d executors: not possible with so few virtual shards; expected data.virtual-shards"
                    + " of %d, the batch",
                executors,
                batch));
  }
}

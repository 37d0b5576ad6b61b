package dev.ect.spark.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import dev.ect.model.engine.Cpu;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.NetworkCost;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What the benchmarks of a network on every engine share: options, and a process for each engine
 * and number format, which runs the same command with {@code --here} and prints a line of JSON for
 * each result.
 */
final class EngineComparison {
  private static final ObjectMapper JSON =
      new ObjectMapper().setSerializationInclusion(JsonInclude.Include.NON_NULL);
  private static final String RESULT = "result ";
  private static final Logger LOG = LoggerFactory.getLogger(EngineComparison.class);

  /** Measures a network on an engine. */
  interface Measurement {
    /**
     * Measures.
     *
     * @param options that the engine was opened with
     * @param kernels whether to tell the time of every kernel, too
     * @param results gets each result, a record, as soon as it is there
     */
    void run(
        Engine engine,
        EngineOptions options,
        NetworkSpec spec,
        JobConfig config,
        boolean kernels,
        Consumer<Record> results);
  }

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "cifar10",
      description = "Configuration file or preset. Default: ${DEFAULT-VALUE}.")
  private String file;

  @Option(
      names = "--resolution",
      defaultValue = "0",
      description = "Pixels; 64 for adm and else 32 unless given.")
  private int resolution;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there too.")
  private Path json;

  @Option(
      names = "--limit",
      defaultValue = "900",
      description =
          "Seconds after which a process is given up: it may have far to go with a large network on"
              + " a CPU. Default: ${DEFAULT-VALUE}.")
  private long limit;

  @Option(
      names = "--rounds",
      defaultValue = "2",
      description =
          "How often everything is measured, in turns, each time by a new process; times are"
              + " medians over the rounds. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--kernels",
      description = "Prints the time of every kernel, too; --json has them anyway.")
  private boolean kernels;

  @Option(names = "--here", description = "Measure --engine in this process only.")
  private boolean here;

  @Mixin private EngineOptionsMixin engines;

  @Mixin private PyTorchOptions pytorch;

  @Parameters(paramLabel = "key=value", description = "Overrides.")
  private List<String> overrides = List.of();

  /** Whether this is to measure by itself, such as in one of the processes. */
  boolean here() {
    return here;
  }

  /** Adds an override, the strongest. */
  void override(String setting) {
    overrides = new ArrayList<>(overrides);
    overrides.add(setting);
  }

  /** The checked configuration. */
  JobConfig config() {
    return JobConfig.of(
        ObjectiveConfig.Kind.TUNING, ConfigSources.overrides(overrides), ConfigSources.file(file));
  }

  /** The network that is measured. */
  NetworkSpec spec() {
    JobConfig config = config();
    boolean adm = config.network().arch() == Architecture.ADM;
    int pixels = resolution > 0 ? resolution : adm ? 64 : 32;
    int labels = !config.data().cond() ? 0 : adm ? 1000 : 10;
    return config.network().spec(pixels, 3, labels, config.objective());
  }

  /** Measures in this process and prints the results for the one that started it. */
  void measure(PrintStream out, Measurement measurement) {
    JobConfig config = config();
    try (Engine engine = engines.open(config.engine())) {
      measurement.run(
          engine,
          engines.options(config.engine()),
          spec(),
          config,
          kernels,
          result -> out.println(RESULT + text(result)));
    }
  }

  private static String text(Record result) {
    try {
      return JSON.writeValueAsString(result);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Measures in a process for each engine and number format, and in PyTorch where it is there, one
   * after the other, round by round.
   *
   * @param out is told what was left out
   * @return what they measured; where one failed, an object with engine, precision and {@code
   *     failure} takes the place of what is missing
   */
  List<JsonNode> measureEach(PrintStream out, BenchWork work)
      throws IOException, InterruptedException {
    if (rounds < 1) {
      throw new UserError("expected --rounds of at least 1");
    }
    Network network = Network.of(spec());
    double forward = NetworkCost.of(network).forwardFlops();
    BenchRows rows =
        new BenchRows(
            work.seconds(),
            row -> forward * work.passes().applyAsDouble(row) * row.get("batch").asInt());
    Optional<PyTorch> python = pytorch.find();
    Set<String> leftOut = new LinkedHashSet<>();
    for (int round = 1; round <= rounds; round++) {
      boolean cuda = false;
      boolean ran = false;
      for (List<BenchVariant> group : BenchVariant.chosen(engine(), precision())) {
        String precision = group.get(0).precision();
        if (precision().isEmpty() && !BenchVariant.pays(precision, cuda, Cpu.hasBfloat16())) {
          if (!ran) {
            leftOut.add(precision + ": left out, as nothing ran before it that shows a GPU");
          }
          continue;
        }
        String device = null;
        for (BenchVariant variant : group) {
          List<String> command = command(work, variant, round);
          JsonNode row = measure(rows, work, variant, round, () -> ChildJvm.start(command));
          device = BenchRows.failed(row) ? device : BenchRows.device(row);
        }
        ran |= device != null;
        cuda |= device != null && device.startsWith("cuda");
        if (python.isPresent() && device == null) {
          leftOut.add(
              BenchVariant.pyTorch(precision)
                  + ": left out, as no engine ran that it compares with");
        } else if (python.isPresent()) {
          ObjectNode settings = settings(work, network, precision, device);
          BenchVariant variant = BenchVariant.pyTorch(precision);
          measure(rows, work, variant, round, () -> python.get().start(settings));
        }
      }
    }
    leftOut.forEach(out::println);
    if (python.isEmpty() && pytorch.wanted()) {
      out.println(
          "PyTorch: left out, not found in "
              + String.join(" or ", pytorch.candidates())
              + " (Debian's package is python3-torch; --python names another Python)");
    }
    return rows.summary();
  }

  /** Starts a process. */
  private interface Start {
    ChildProcess get() throws IOException;
  }

  /** Returns the process's last row. */
  private JsonNode measure(
      BenchRows rows, BenchWork work, BenchVariant variant, int round, Start start)
      throws IOException, InterruptedException {
    if (rows.failed(variant)) {
      return BenchRows.failure(variant, "failed before");
    }
    LOG.info("round {} of {}: {}", round, rounds, variant);
    List<ObjectNode> results = new ArrayList<>();
    try (ChildProcess child = start.get()) {
      child.limit(Duration.ofSeconds(limit));
      while (results.size() < work.results()) {
        results.add((ObjectNode) JSON.readTree(child.await(RESULT)));
      }
    } catch (ChildProcess.EndedException e) {
      results.add(BenchRows.failure(variant, e.getMessage()));
    }
    rows.add(variant, results);
    return results.get(results.size() - 1);
  }

  /** The command that measures an engine; the kernels once, in the last round. */
  private List<String> command(BenchWork work, BenchVariant variant, int round) {
    List<String> command = new ArrayList<>(work.command());
    command.addAll(
        List.of("--here", "--engine", variant.engine(), "--precision", variant.precision()));
    command.addAll(List.of("--config", file, "--resolution", String.valueOf(resolution)));
    command.addAll(engines.arguments());
    if (round == rounds && (kernels || json != null)) {
      command.add("--kernels");
    }
    command.addAll(overrides);
    return command;
  }

  /** What bench.py reads. */
  private ObjectNode settings(BenchWork work, Network network, String precision, String device)
      throws IOException {
    JobConfig config = config();
    ObjectNode spec = (ObjectNode) JSON.readTree(network.spec().toJson());
    ArrayNode shapes = spec.putArray("shapes");
    for (ParameterLayout.Entry e : network.parameters().entries()) {
      shapes.addArray().add(e.name()).add(JSON.valueToTree(e.shape()));
    }
    ObjectNode settings = work.pytorch().deepCopy();
    settings.set("spec", spec);
    return settings
        .put("precision", precision)
        .put("device", device)
        .put("threads", engines.threads(config.engine()))
        .put("seed", config.run().seed());
  }

  private Optional<String> engine() {
    return engines.engine().or(() -> chosen("engine.name")).filter(name -> !name.equals("auto"));
  }

  private Optional<String> precision() {
    return engines.precision().or(() -> chosen("engine.precision"));
  }

  private Optional<String> chosen(String key) {
    Config explicit = ConfigSources.overrides(overrides);
    return explicit.hasPath(key) ? Optional.of(explicit.getString(key)) : Optional.empty();
  }

  /**
   * Prints the kernels and writes the file, where they are wanted.
   *
   * @param command in the message
   * @param work what was taken to pieces, for people
   * @throws UserError if nothing was measured
   */
  void finish(PrintStream out, String command, String work, List<JsonNode> rows)
      throws IOException {
    if (kernels) {
      rows.stream()
          .filter(row -> row.has("kernels"))
          .forEach(row -> KernelTable.print(out, row, work));
    }
    if (json != null) {
      ArrayNode all = JSON.createArrayNode();
      rows.forEach(all::add);
      JSON.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), all);
    }
    if (rows.stream().allMatch(BenchRows::failed)) {
      throw new UserError(command + ": nothing could be measured; see the reasons above");
    }
  }
}

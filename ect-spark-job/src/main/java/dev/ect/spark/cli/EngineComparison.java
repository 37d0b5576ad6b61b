package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import dev.ect.model.engine.Engine;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What the benchmarks of a network on every engine share: options, and a process for each engine
 * and number format, which runs the same command with {@code --here} and prints a line of JSON for
 * each result.
 */
final class EngineComparison {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RESULT = "result ";
  private static final List<List<String>> VARIANTS =
      List.of(
          List.of("nd4j", "float32"), List.of("torch", "float32"), List.of("torch", "bfloat16"));

  /** Measures a network on an engine. */
  interface Measurement {
    /**
     * Measures.
     *
     * @param results gets each result, a record, as soon as it is there
     */
    void run(Engine engine, NetworkSpec spec, JobConfig config, Consumer<Record> results);
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
          "Seconds after which an engine is given up: bfloat16 takes hours on a CPU without"
              + " AVX-512. Default: ${DEFAULT-VALUE}.")
  private long limit;

  @Option(names = "--here", description = "Measure --engine in this process only.")
  private boolean here;

  @Mixin private EngineOptionsMixin engines;

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

  /** Measures in this process and prints the results for the one that started it. */
  void measure(PrintStream out, Measurement measurement) {
    JobConfig config = config();
    boolean adm = config.network().arch() == Architecture.ADM;
    int pixels = resolution > 0 ? resolution : adm ? 64 : 32;
    int labels = !config.data().cond() ? 0 : adm ? 1000 : 10;
    NetworkSpec spec = config.network().spec(pixels, 3, labels, config.objective());
    try (Engine engine = engines.open(config.engine())) {
      measurement.run(engine, spec, config, result -> out.println(RESULT + text(result)));
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
   * Measures in a process for each engine and number format.
   *
   * @param command the command with its own options
   * @param results that each process prints
   * @return what they measured; where one failed, an object with engine, precision and {@code
   *     failure} takes the place of what is missing
   */
  List<JsonNode> measureEach(List<String> command, int results)
      throws IOException, InterruptedException {
    List<JsonNode> rows = new ArrayList<>();
    for (List<String> variant : variants()) {
      List<String> arguments = new ArrayList<>(command);
      arguments.addAll(
          List.of("--here", "--engine", variant.get(0), "--precision", variant.get(1)));
      arguments.addAll(List.of("--config", file, "--resolution", String.valueOf(resolution)));
      arguments.addAll(engines.arguments());
      arguments.addAll(overrides);
      try (ChildJvm child = ChildJvm.start(arguments)) {
        child.limit(Duration.ofSeconds(limit));
        for (int i = 0; i < results; i++) {
          rows.add(JSON.readTree(child.await(RESULT)));
        }
      } catch (ChildJvm.EndedException e) {
        ObjectNode failed = JSON.createObjectNode();
        failed.put("engine", variant.get(0)).put("precision", variant.get(1));
        rows.add(failed.put("failure", e.getMessage()));
      }
    }
    return rows;
  }

  /** Engines and number formats to measure, as far as options or overrides choose. */
  private List<List<String>> variants() {
    Config explicit = ConfigSources.overrides(overrides);
    Optional<String> engine =
        engines
            .engine()
            .or(() -> chosen(explicit, "engine.name"))
            .filter(name -> !name.equals("auto"));
    Optional<String> precision = engines.precision().or(() -> chosen(explicit, "engine.precision"));
    List<List<String>> variants =
        VARIANTS.stream()
            .filter(v -> v.get(0).equals(engine.orElse(v.get(0))))
            .filter(v -> v.get(1).equals(precision.orElse(v.get(1))))
            .toList();
    // Something that is not measured unless asked for, such as tf32.
    return variants.isEmpty()
        ? List.of(List.of(engine.orElse("torch"), precision.orElse("float32")))
        : variants;
  }

  private static Optional<String> chosen(Config explicit, String key) {
    return explicit.hasPath(key) ? Optional.of(explicit.getString(key)) : Optional.empty();
  }

  /**
   * Writes the file of {@code --json}.
   *
   * @param command in the message
   * @throws UserError if nothing was measured
   */
  void finish(String command, List<JsonNode> rows) throws IOException {
    if (json != null) {
      ArrayNode all = JSON.createArrayNode();
      rows.forEach(all::add);
      JSON.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), all);
    }
    if (rows.stream().allMatch(row -> row.has("failure"))) {
      throw new UserError(command + ": nothing could be measured; see the reasons above");
    }
  }
}

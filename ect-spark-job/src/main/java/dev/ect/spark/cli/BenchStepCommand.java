package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ect.model.engine.Engine;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.training.StepBenchmark;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Tuning steps on every engine. */
@Command(
    name = "step",
    description =
        "Times tuning steps on each engine, each in a process of its own so that their memory can"
            + " be told apart: nd4j float32, torch float32, torch bfloat16; --engine and"
            + " --precision choose among them. Measures the last stage of the schedule, where"
            + " every image needs the teacher.")
final class BenchStepCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RESULT = "result ";
  private static final List<List<String>> VARIANTS =
      List.of(
          List.of("nd4j", "float32"), List.of("torch", "float32"), List.of("torch", "bfloat16"));

  private final PrintStream out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "cifar10",
      description = "Configuration file or preset. Default: ${DEFAULT-VALUE}.")
  private String file;

  @Option(
      names = "--batch",
      defaultValue = "8",
      description = "Images per step. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--warm-up",
      defaultValue = "1",
      description = "Steps not counted. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--steps",
      defaultValue = "3",
      description = "Steps counted. Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--resolution",
      defaultValue = "0",
      description = "Pixels; 64 for adm and else 32 unless given.")
  private int resolution;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there too.")
  private Path json;

  @Option(names = "--here", description = "Measure --engine in this process only.")
  private boolean here;

  @Mixin private EngineOptionsMixin engines;

  @picocli.CommandLine.Parameters(paramLabel = "key=value", description = "Overrides.")
  private List<String> overrides = List.of();

  BenchStepCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (batch < 1 || warmUp < 0 || steps < 1) {
      throw new UserError(
          "expected --batch and --steps of at least 1, and --warm-up of at least 0");
    }
    JobConfig config =
        JobConfig.of(
            ObjectiveConfig.Kind.TUNING,
            ConfigSources.overrides(overrides),
            file == null ? ConfigFactory.empty() : ConfigSources.file(file));
    if (here) {
      out.println(RESULT + JSON.writeValueAsString(measure(config)));
      return 0;
    }
    List<JsonNode> rows = new ArrayList<>();
    for (List<String> variant : variants()) {
      rows.add(child(variant.get(0), variant.get(1)));
    }
    print(rows);
    if (json != null) {
      ArrayNode all = JSON.createArrayNode();
      rows.forEach(all::add);
      JSON.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), all);
    }
    if (rows.stream().allMatch(row -> row.has("failure"))) {
      throw new UserError("bench step: nothing could be measured; see the reasons above");
    }
    return 0;
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

  private StepBenchmark.Result measure(JobConfig config) {
    boolean adm = config.network().arch() == dev.ect.model.network.Architecture.ADM;
    int pixels = resolution > 0 ? resolution : adm ? 64 : 32;
    int labels = !config.data().cond() ? 0 : adm ? 1000 : 10;
    try (Engine engine = engines.open(config.engine())) {
      return StepBenchmark.run(
          engine,
          config.network().spec(pixels, 3, labels, config.objective()),
          config.objective(),
          batch,
          warmUp,
          steps,
          config.run().seed());
    }
  }

  /** Measures in another JVM with this one's options. */
  private JsonNode child(String engine, String precision) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("bench", "step"));
    arguments.addAll(List.of("--here", "--engine", engine, "--precision", precision));
    arguments.addAll(List.of("--config", file, "--batch", String.valueOf(batch)));
    arguments.addAll(
        List.of("--warm-up", String.valueOf(warmUp), "--steps", String.valueOf(steps)));
    arguments.addAll(List.of("--resolution", String.valueOf(resolution)));
    arguments.addAll(engines.arguments());
    arguments.addAll(overrides);
    try (ChildJvm child = ChildJvm.start(arguments)) {
      String line = child.await(RESULT);
      return JSON.readTree(line);
    } catch (ChildJvm.EndedException e) {
      ObjectNode failed = JSON.createObjectNode();
      failed.put("engine", engine).put("precision", precision);
      return failed.put("failure", e.getMessage());
    }
  }

  private void print(List<JsonNode> rows) {
    out.printf(
        "%-6s %-9s %10s %10s %9s %9s  %s%n",
        "engine", "precision", "images/s", "s/step", "GFLOP/s", "peak GiB", "device");
    for (JsonNode row : rows) {
      if (row.has("failure")) {
        out.printf(
            "%-6s %-9s %s%n",
            row.get("engine").asText(), row.get("precision").asText(), row.get("failure").asText());
        continue;
      }
      out.printf(
          Locale.ROOT,
          "%-6s %-9s %10.2f %10.3f %9.0f %9.2f  %s%n",
          row.get("engine").asText(),
          row.get("precision").asText(),
          row.get("imagesPerSecond").asDouble(),
          row.get("secondsPerStep").asDouble(),
          row.get("gflopsPerSecond").asDouble(),
          row.get("peakGib").asDouble(),
          row.get("device").asText());
    }
    double base = rows.get(0).path("imagesPerSecond").asDouble();
    for (JsonNode row : rows.subList(1, rows.size())) {
      if (base > 0 && row.has("imagesPerSecond")) {
        out.printf(
            Locale.ROOT,
            "%s %s is %.2f times as fast as %s %s%n",
            row.get("engine").asText(),
            row.get("precision").asText(),
            row.get("imagesPerSecond").asDouble() / base,
            rows.get(0).get("engine").asText(),
            rows.get(0).get("precision").asText());
      }
    }
    JsonNode any = rows.stream().filter(r -> r.has("parameters")).findFirst().orElse(null);
    if (any != null) {
      out.printf(
          Locale.ROOT,
          "%,d parameters, batch %d, median of %d steps after %d, at stage %d, where the teacher runs"
              + " for %.0f %% of the images; GFLOP/s counts convolutions of the student forward"
              + " and backward and of the teacher forward%n",
          any.get("parameters").asLong(),
          batch,
          steps,
          warmUp,
          any.get("stage").asInt(),
          100 * any.get("teacherShare").asDouble());
    }
  }
}

package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ect.model.engine.Engine;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.training.StepBenchmark;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
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
  private static final ComparisonTable TABLE =
      new ComparisonTable(
          List.of(
              new ComparisonTable.Column("images/s", 10, 2, "imagesPerSecond"),
              new ComparisonTable.Column("s/step", 10, 3, "secondsPerStep"),
              new ComparisonTable.Column("GFLOP/s", 9, 0, "gflopsPerSecond"),
              new ComparisonTable.Column("peak GiB", 9, 2, "peakGib")),
          row -> "");

  private final PrintStream out;

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

  @Mixin private EngineComparison comparison;

  BenchStepCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (batch < 1 || warmUp < 0 || steps < 1) {
      throw new UserError(
          "expected --batch and --steps of at least 1, and --warm-up of at least 0");
    }
    comparison.config();
    if (comparison.here()) {
      comparison.measure(out, this::measure);
      return 0;
    }
    List<String> command =
        List.of("bench", "step", "--batch=" + batch, "--warm-up=" + warmUp, "--steps=" + steps);
    List<JsonNode> rows = comparison.measureEach(command, 1);
    TABLE.print(out, rows).ifPresent(this::explain);
    comparison.finish("bench step", rows);
    return 0;
  }

  private void measure(
      Engine engine, NetworkSpec spec, JobConfig config, Consumer<Record> results) {
    results.accept(
        StepBenchmark.run(
            engine, spec, config.objective(), batch, warmUp, steps, config.run().seed()));
  }

  private void explain(JsonNode row) {
    out.printf(
        Locale.ROOT,
        "%,d parameters, batch %d, median of %d steps after %d, at stage %d, where the teacher runs"
            + " for %.0f %% of the images; GFLOP/s counts convolutions of the student forward"
            + " and backward and of the teacher forward%n",
        row.get("parameters").asLong(),
        batch,
        steps,
        warmUp,
        row.get("stage").asInt(),
        100 * row.get("teacherShare").asDouble());
  }
}

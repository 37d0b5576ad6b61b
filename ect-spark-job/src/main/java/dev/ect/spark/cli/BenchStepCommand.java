package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
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
            + " be told apart: nd4j float32, torch float32, tf32 (on GPUs) and bfloat16 (on GPUs"
            + " and with AVX-512); --engine and --precision choose among them. Then the same step"
            + " in PyTorch, where a Python has it. Measures the last stage of the schedule, where"
            + " every image needs the teacher.")
final class BenchStepCommand implements Callable<Integer> {
  private static final ComparisonTable TABLE =
      new ComparisonTable(
          List.of(
              new ComparisonTable.Column("images/s", 10, 2, "imagesPerSecond"),
              new ComparisonTable.Column("s/step", 10, 3, "secondsPerStep"),
              new ComparisonTable.Column("GFLOP/s", 9, 0, "gflopsPerSecond"),
              ComparisonTable.OF_FASTEST,
              ComparisonTable.PEAK_MEMORY,
              ComparisonTable.DEVICE_MEMORY),
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
      description = "Steps of each process not counted. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--steps",
      defaultValue = "3",
      description = "Steps of each process counted. Default: ${DEFAULT-VALUE}.")
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
    List<JsonNode> rows = comparison.measureEach(out, work());
    TABLE.print(out, rows).ifPresent(this::explain);
    comparison.finish(out, "bench step", "step", rows);
    return 0;
  }

  private BenchWork work() {
    ObjectiveConfig objective = comparison.config().objective();
    ObjectNode pytorch = JsonNodeFactory.instance.objectNode();
    pytorch.put("work", "step").put("batch", batch).put("warm_up", warmUp).put("count", steps);
    pytorch.put("round", Math.min(batch, objective.batchGpu()));
    pytorch
        .putObject("tuning")
        .put("p_mean", objective.pMean())
        .put("p_std", objective.pStd())
        .put("mapping", objective.mapping().id())
        .put("q", objective.q())
        .put("k", objective.k())
        .put("b", objective.b())
        .put("c", objective.c())
        .put("stage", StepBenchmark.lastStage(objective))
        .put("optim", objective.optim().id())
        .put("lr", objective.lr())
        .put("ema_beta", objective.ema().beta(batch, Long.MAX_VALUE));
    return new BenchWork(
        List.of("bench", "step", "--batch=" + batch, "--warm-up=" + warmUp, "--steps=" + steps),
        1,
        "secondsPerStep",
        // student forward and backward, and the teacher forward
        row -> 3 + row.get("teacherShare").asDouble(),
        pytorch);
  }

  private void measure(
      Engine engine,
      EngineOptions options,
      NetworkSpec spec,
      JobConfig config,
      boolean kernels,
      Consumer<Record> results) {
    results.accept(
        new StepBenchmark(engine, options, spec, config.objective(), batch, config.run().seed())
            .run(warmUp, steps, kernels));
  }

  private void explain(JsonNode row) {
    out.printf(
        Locale.ROOT,
        "%,d parameters, batch %d, median of %d steps after %d, at stage %d, where the teacher runs"
            + " for %.0f %% of the images; GFLOP/s counts convolutions of the student forward"
            + " and backward and of the teacher forward; %s%n",
        row.get("parameters").asLong(),
        batch,
        steps,
        warmUp,
        row.get("stage").asInt(),
        100 * row.get("teacherShare").asDouble(),
        ComparisonTable.NOTE);
  }
}

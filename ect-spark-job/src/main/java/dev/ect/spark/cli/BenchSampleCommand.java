package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.SampleBenchmark;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Generation of images on every engine. */
@Command(
    name = "sample",
    description =
        "Times the generation of images in one step and through intermediate times, by a network"
            + " with random weights on each engine, each in a process of its own so that their"
            + " memory can be told apart: nd4j float32, torch float32, tf32 (on GPUs) and"
            + " bfloat16 (on GPUs and with AVX-512); --engine and --precision choose among them."
            + " Then the same in PyTorch, where a Python has it.")
final class BenchSampleCommand implements Callable<Integer> {
  private static final ComparisonTable TABLE =
      new ComparisonTable(
          List.of(
              new ComparisonTable.Column("steps", 5, 0, "steps"),
              new ComparisonTable.Column("images/s", 10, 2, "imagesPerSecond"),
              new ComparisonTable.Column("s/batch", 10, 3, "secondsPerBatch"),
              new ComparisonTable.Column("GFLOP/s", 9, 0, "gflopsPerSecond"),
              ComparisonTable.OF_FASTEST,
              ComparisonTable.PEAK_MEMORY,
              ComparisonTable.DEVICE_MEMORY),
          row -> " in " + steps(row.get("steps").asInt()));

  private final PrintStream out;

  @Option(
      names = "--batch",
      defaultValue = "8",
      description = "Images at a time. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--warm-up",
      defaultValue = "1",
      description = "Batches of each process not counted. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--batches",
      defaultValue = "3",
      description = "Batches of each process counted. Default: ${DEFAULT-VALUE}.")
  private int batches;

  @Option(
      names = "--mid-t",
      split = ",",
      paramLabel = "T",
      description = "Intermediate times (run.mid-t), such as 0.821 for two steps.")
  private List<Double> midT = List.of();

  @Mixin private EngineComparison comparison;

  BenchSampleCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (batch < 1 || warmUp < 0 || batches < 1) {
      throw new UserError(
          "expected --batch and --batches of at least 1, and --warm-up of at least 0");
    }
    if (!midT.isEmpty()) {
      comparison.override("run.mid-t=" + midT);
    }
    List<List<Double>> ways = ways(comparison.config());
    if (comparison.here()) {
      comparison.measure(out, this::measure);
      return 0;
    }
    List<JsonNode> rows = comparison.measureEach(out, work(ways));
    TABLE.print(out, rows).ifPresent(row -> explain(row, ways.get(ways.size() - 1)));
    comparison.finish(out, "bench sample", "batch", rows);
    return 0;
  }

  private BenchWork work(List<List<Double>> ways) {
    ObjectNode pytorch = JsonNodeFactory.instance.objectNode();
    pytorch.put("work", "sample").put("batch", batch).put("warm_up", warmUp).put("count", batches);
    ArrayNode all = pytorch.putArray("ways");
    for (List<Double> times : ways) {
      times.forEach(all.addArray()::add);
    }
    return new BenchWork(
        List.of(
            "bench", "sample", "--batch=" + batch, "--warm-up=" + warmUp, "--batches=" + batches),
        ways.size(),
        "secondsPerBatch",
        row -> row.get("steps").asInt(),
        pytorch);
  }

  /** Intermediate times of one step, then of several where the configuration has any. */
  private static List<List<Double>> ways(JobConfig config) {
    List<Double> several = config.run().midT();
    return several.isEmpty() ? List.of(several) : List.of(List.of(), several);
  }

  private void measure(
      Engine engine,
      EngineOptions options,
      NetworkSpec spec,
      JobConfig config,
      boolean kernels,
      Consumer<Record> results) {
    try (SampleBenchmark benchmark =
        SampleBenchmark.open(engine, spec, batch, config.run().seed())) {
      List<List<Double>> ways = ways(config);
      List<Double> last = ways.get(ways.size() - 1);
      for (List<Double> times : ways) {
        results.accept(benchmark.run(times, warmUp, batches, kernels, times == last));
      }
    }
  }

  private void explain(JsonNode row, List<Double> times) {
    out.printf(
        Locale.ROOT,
        "%,d parameters of random values, batch %d, median of %d batches after %d, from drawing"
            + " noise to images in memory%s; GFLOP/s counts convolutions; %s%n",
        row.get("parameters").asLong(),
        batch,
        batches,
        warmUp,
        times.isEmpty() ? "" : ", " + steps(1 + times.size()) + " with mid_t " + times,
        ComparisonTable.NOTE);
  }

  private static String steps(int count) {
    return count == 1 ? "1 step" : count + " steps";
  }
}

package dev.ect.spark.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.Store;
import dev.ect.spark.report.LinePlot;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.training.RunSummary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a tuning run ended.
 *
 * @param directory the run directory
 * @param snapshot the network, its moving average (EMA), as a network snapshot
 * @param step optimiser steps done, all starts of the run together
 * @param kimg thousand images processed
 * @param stopped whether it was stopped before its end
 * @param imagesPerSecond over all steps since it was last started; 0 if there was none
 * @param engine what computed, in words; empty if nothing was left to do
 * @param ticks every tick of the run: mean loss and speed of each
 */
public record TuningResult(
    String directory,
    String snapshot,
    long step,
    double kimg,
    boolean stopped,
    double imagesPerSecond,
    String engine,
    List<RunProgress> ticks) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static TuningResult of(Store store, RunSummary summary, long totalSteps) throws IOException {
    RunDirectory directory = summary.directory();
    List<RunProgress> ticks = new ArrayList<>();
    if (store.exists(directory.file("stats.jsonl"))) {
      for (String line : directory.text(store, "stats.jsonl").lines().toList()) {
        ticks.add(tick(JSON.readTree(line), totalSteps));
      }
    }
    return new TuningResult(
        directory.path(),
        directory.latestSnapshot(),
        summary.step(),
        summary.images() / 1000.0,
        summary.stopped(),
        summary.imagesPerSecond(),
        summary.engine(),
        List.copyOf(ticks));
  }

  private static RunProgress tick(JsonNode line, long totalSteps) {
    return new RunProgress(
        line.path("tick").asLong(),
        line.path("step").asLong(),
        totalSteps,
        line.path("kimg").asDouble(),
        line.path("loss").asDouble(),
        line.path("images_per_second").asDouble());
  }

  /** Mean loss of each tick. */
  public List<Double> losses() {
    return ticks.stream().map(RunProgress::loss).toList();
  }

  /** The path of something in the run directory, such as {@code samples}. */
  public String file(String name) {
    return Store.join(directory, name);
  }

  /**
   * The loss over the images seen.
   *
   * @throws IllegalStateException if no tick has ended
   */
  public LinePlot lossPlot() {
    return LinePlot.of("Loss", "images seen, thousands (kimg)", "mean loss per image")
        .series(
            "loss",
            ticks.stream().mapToDouble(RunProgress::kimg).toArray(),
            ticks.stream().mapToDouble(RunProgress::loss).toArray());
  }

  /** For people. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s %s: %d %s, %.1f kimg%s",
        stopped ? "stopped" : "finished",
        directory,
        step,
        step == 1 ? "step" : "steps",
        kimg,
        engine.isEmpty()
            ? ""
            : String.format(Locale.ROOT, ", %.0f img/s, %s", imagesPerSecond, engine));
  }
}

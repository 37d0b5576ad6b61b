package dev.ect.spark.report.page;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.report.MetricFiles;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.StatsFile;
import dev.ect.spark.report.StatsLine;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What a run directory says of its run.
 *
 * @param directory of the run
 * @param stats the ticks
 * @param metrics the evaluations
 * @param configuration every key with its value, without secrets; empty where it cannot be read
 * @param objective what is minimised; empty where the configuration cannot be understood
 * @param provenance what the run is made of, by its checkpoints; missing where there is none
 * @param samples grids through time
 * @param real grid of real images
 * @param timeline the page of the executors' phases; empty where there is none
 * @param summary what the demo says at its end; empty where there is none
 * @param notes what could not be read, a line each
 */
record RunData(
    RunDirectory directory,
    StatsFile stats,
    MetricFiles metrics,
    SortedMap<String, String> configuration,
    Optional<ObjectiveConfig> objective,
    JsonNode provenance,
    Samples samples,
    Optional<Picture> real,
    String timeline,
    String summary,
    List<String> notes) {

  /** Steps of the whole run; 0 where that is not known. */
  long totalSteps() {
    return objective.map(each -> each.schedule().totalSteps()).orElse(0L);
  }

  /** Optimiser steps done. */
  long steps() {
    return stats.last().map(StatsLine::step).orElse(0L);
  }

  /** Whether all steps are done. */
  boolean isFinished() {
    return totalSteps() > 0 && steps() >= totalSteps();
  }

  /** Seconds of all ticks that are told of, checkpoints included. */
  double seconds() {
    return stats.ticks().stream()
        .mapToDouble(t -> t.number("seconds") + t.phases().checkpointSeconds())
        .filter(Double::isFinite)
        .sum();
  }

  /** Images per second over all ticks that are told of, without checkpoints; NaN for none. */
  double imagesPerSecond() {
    double images = 0;
    double seconds = 0;
    for (StatsLine tick : stats.ticks()) {
      double time = tick.number("seconds");
      double speed = tick.number("images_per_second");
      if (Double.isFinite(time) && Double.isFinite(speed)) {
        images += speed * time;
        seconds += time;
      }
    }
    return images / seconds;
  }
}

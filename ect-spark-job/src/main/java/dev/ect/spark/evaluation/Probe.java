package dev.ect.spark.evaluation;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.metrics.Detector;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/** Tries on an executor, before anything long starts, whether engine and detectors work there. */
final class Probe implements Function<Integer, Probe.Found> {
  private static final long serialVersionUID = 1L;

  private final EngineConfig engine;
  private final int threads;
  private final Detectors detectors;
  private final ImageShape shape;

  private Probe(EngineConfig engine, int threads, Detectors detectors, ImageShape shape) {
    this.engine = engine;
    this.threads = threads;
    this.detectors = detectors;
    this.shape = shape;
  }

  /**
   * What was found.
   *
   * @param engine for people
   * @param gpu whether it computes on one
   * @param problems a line each
   */
  record Found(String engine, boolean gpu, List<String> problems) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Tries.
   *
   * @param engine to generate with; null for none
   * @param shape of the images
   * @throws UserError with a line for everything that does not work
   */
  static Found require(
      JavaSparkContext spark,
      EngineConfig engine,
      int threads,
      Detectors detectors,
      ImageShape shape) {
    Found found;
    try (JobGroup group = new JobGroup(spark.sc(), "trying engine and detectors")) {
      found =
          spark
              .parallelize(List.of(0), 1)
              .map(new Probe(engine, threads, detectors, shape))
              .first();
    }
    if (!found.problems().isEmpty()) {
      throw new UserError(found.problems());
    }
    return found;
  }

  @Override
  public Found call(Integer ignored) throws IOException {
    TaskDevice device = TaskDevice.of(TaskContext.get(), threads);
    List<String> problems = new ArrayList<>();
    String found = "";
    boolean gpu = false;
    try (Engine opened = engine == null ? null : device.open(engine)) {
      found = opened == null ? "" : describe(opened);
      gpu = opened != null && opened.device().startsWith("cuda");
    } catch (EngineUnavailableException e) {
      problems.add(e.getMessage());
    }
    for (DetectorKind kind : detectors.files().keySet()) {
      try (Detector detector = detectors.open(kind, device)) {
        detector.probe(shape);
      } catch (IOException | EngineUnavailableException e) {
        problems.add(e.getMessage());
      }
    }
    return new Found(found, gpu, problems);
  }

  private static String describe(Engine engine) {
    return engine.name() + " on " + engine.device() + ", " + engine.precision().id();
  }
}

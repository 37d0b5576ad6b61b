package dev.ect.spark.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.Metric;
import dev.ect.model.metrics.MetricFamily;
import dev.ect.spark.report.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Results in {@code metric-<name>.jsonl}, a line each, with everything that decides the number. The
 * first keys are those of StyleGAN's result files.
 */
final class ResultFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUANTISATION = "clamp(127.5 x + 128, 0, 255), truncated to 8 bits";

  private final Store store;
  private final EvaluationPlan plan;
  private final Detectors detectors;

  ResultFiles(Store store, EvaluationPlan plan, Detectors detectors) {
    this.store = store;
    this.plan = plan;
    this.detectors = detectors;
  }

  /**
   * Adds a network's results to the files of a folder.
   *
   * @param progress thousand images of the training so far; null where that is not known
   */
  void write(String folder, Evaluation evaluation, Double progress) throws IOException {
    Map<String, StringBuilder> files = new LinkedHashMap<>();
    for (Measured each : evaluation.measured()) {
      files
          .computeIfAbsent(Evaluator.file(each.measurement().metric()), name -> new StringBuilder())
          .append(line(evaluation, each, progress))
          .append('\n');
    }
    for (Map.Entry<String, StringBuilder> file : files.entrySet()) {
      String path = Store.join(folder, file.getKey());
      byte[] before = store.exists(path) ? store.readAll(path) : new byte[0];
      store.write(
          path,
          out -> {
            out.write(before);
            out.write(file.getValue().toString().getBytes(StandardCharsets.UTF_8));
          });
    }
  }

  private String line(Evaluation evaluation, Measured measured, Double progress) {
    Metric metric = measured.measurement().metric();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("results", measured.values());
    line.put("metric", metric.name());
    line.put("total_time", measured.seconds());
    line.put("timestamp", System.currentTimeMillis() / 1000.0);
    line.put("network", Addresses.withoutSecrets(evaluation.network()));
    line.put("weights_sha256", evaluation.weightsSha256());
    if (progress != null) {
      line.put("kimg", progress);
    }
    line.put("repeat", measured.repeat());
    line.put("generated_images", metric.count());
    line.put("seeds", measured.seeds().toString());
    line.put("seed", plan.seed());
    line.put("steps", measured.measurement().midT().size() + 1);
    line.put("mid_t", measured.measurement().midT());
    line.put("labels", evaluation.labels());
    line.put("quantisation", QUANTISATION);
    line.put("detector", detector(metric.family().detector()));
    if (metric.family().needsReal()) {
      line.put("real_images", measured.realImages());
      line.put("real", real(metric.family()));
    }
    if (metric.family().isFrechet()) {
      line.put("divisor", plan.divisor(metric.family()).id());
    }
    line.put("engine", evaluation.engine());
    line.put("batch", evaluation.batch());
    line.put("executors", plan.executors());
    line.put("versions", Versions.all());
    try {
      line.put("configuration", JSON.readTree(plan.configuration()));
      if (!evaluation.provenance().isEmpty()) {
        line.put("network_provenance", JSON.readTree(evaluation.provenance()));
      }
      return JSON.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + line, e);
    }
  }

  private Map<String, Object> detector(DetectorKind kind) {
    Detectors.Shipped file = detectors.files().get(kind);
    Map<String, Object> detector = new LinkedHashMap<>();
    detector.put("kind", kind.id());
    detector.put("path", Addresses.withoutSecrets(file.path()));
    detector.put("sha256", file.sha256());
    detector.put("width", file.width());
    return detector;
  }

  private Map<String, Object> real(MetricFamily family) {
    Map<String, Object> real = new LinkedHashMap<>();
    if (family.isFrechet() && plan.references().containsKey(family.detector())) {
      Reference reference = plan.references().get(family.detector());
      real.put("reference", Addresses.withoutSecrets(reference.path()));
      real.put("reference_sha256", reference.sha256());
      real.put(
          "reference_divisor",
          reference.statistics().divisor().map(divisor -> divisor.id()).orElse("as in the file"));
    } else {
      plan.dataset()
          .ifPresent(
              dataset -> {
                real.put("dataset", Addresses.withoutSecrets(dataset.path()));
                real.put("content_sha256", dataset.contentKey());
              });
    }
    return real;
  }
}

package dev.ect.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.spark.config.UserError;
import dev.ect.spark.plan.Measurements;
import dev.ect.spark.plan.Prediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code ect plan --json} writes.
 *
 * @param measured what the plan is made from; {@code --measured} reads only that
 * @param iterations steps that hours and cost are for
 * @param batch images per step
 * @param predictions rows of the table
 * @param impossible a line for each number of executors that has none
 */
record PlanFile(
    Measurements measured,
    long iterations,
    int batch,
    List<Prediction> predictions,
    List<String> impossible) {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

  private static final String EXPECTED = "; expected a file of 'ect plan --json'";

  /** Writes a file that people can read. */
  static void write(Path path, Object content) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(path.toFile(), content);
  }

  /**
   * Reads the measurements of a file.
   *
   * @param parameters of the network that the plan is for
   * @throws UserError if the file is none of these, or of another network
   */
  static Measurements measured(Path path, long parameters) throws IOException {
    Measurements found;
    try {
      found = JSON.treeToValue(JSON.readTree(path.toFile()).path("measured"), Measurements.class);
    } catch (JsonProcessingException e) {
      throw new UserError(path + ": " + e.getOriginalMessage() + EXPECTED);
    }
    if (found == null) {
      throw new UserError(path + ": lacks measurements" + EXPECTED);
    }
    List<String> problems = found.problems(path.toString(), parameters);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return found;
  }
}

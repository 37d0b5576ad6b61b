package dev.ect.spark.plan;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.ect.spark.exchange.ThresholdBenchmark;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything that a plan is made from: what was measured, and of what.
 *
 * @param network in words
 * @param parameters of the network
 * @param engine its name
 * @param precision number format
 * @param device in words
 * @param threads of an executor that compute; on a GPU those that feed it
 * @param cores of an executor
 * @param step what a step costs
 * @param exchange what frames cost
 * @param threshold what the threshold encoding costs
 */
public record Measurements(
    String network,
    long parameters,
    String engine,
    String precision,
    String device,
    int threads,
    int cores,
    StepCosts step,
    ExchangeCosts exchange,
    ThresholdBenchmark.Result threshold) {

  /** Whether a GPU computed. */
  @JsonIgnore
  public boolean gpu() {
    return !device.startsWith("cpu");
  }

  /**
   * What does not hold together, a line each.
   *
   * @param path of the file that they came from
   * @param expected parameters of the configuration's network
   */
  public List<String> problems(String path, long expected) {
    List<String> problems = new ArrayList<>();
    boolean whole =
        step != null
            && exchange != null
            && threshold != null
            && device != null
            && !step.rounds().isEmpty()
            && threads >= 1
            && cores >= 1;
    if (!whole) {
      problems.add(path + ": lacks measurements; expected a file of 'ect plan --json'");
    } else if (parameters != expected) {
      problems.add(
          String.format(
              java.util.Locale.ROOT,
              "%s: measured with a network of %,d parameters; expected the configuration's, %,d:"
                  + " give the same --config and --resolution",
              path,
              parameters,
              expected));
    }
    return problems;
  }
}

package dev.ect.spark.api;

import dev.ect.spark.evaluation.Evaluation;
import java.util.List;
import java.util.TreeMap;

/**
 * How good a network is.
 *
 * @param evaluation every number with what decides it
 * @param table the same for people, a line each
 */
public record EvaluationResult(Evaluation evaluation, List<String> table) {
  /**
   * A number by its name in StyleGAN's result files, such as {@code fid50k_full}; of several
   * repeats the first.
   *
   * @throws IllegalArgumentException if there is none of that name; the message names all
   */
  public double value(String name) {
    TreeMap<String, Double> all = new TreeMap<>();
    evaluation.measured().forEach(each -> each.values().forEach(all::putIfAbsent));
    if (!all.containsKey(name)) {
      throw new IllegalArgumentException("no " + name + "; there are " + all.keySet());
    }
    return all.get(name);
  }

  @Override
  public String toString() {
    return String.join("\n", table);
  }
}

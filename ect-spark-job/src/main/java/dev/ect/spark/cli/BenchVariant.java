package dev.ect.spark.cli;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is measured in a process of its own.
 *
 * @param engine {@code nd4j}, {@code torch} or {@code pytorch}
 * @param precision number format
 */
record BenchVariant(String engine, String precision) {
  static final String PYTORCH = "pytorch";
  private static final String FLOAT32 = "float32";
  private static final String TF32 = "tf32";

  private static final List<BenchVariant> ALL =
      List.of(
          new BenchVariant("nd4j", FLOAT32),
          new BenchVariant("torch", FLOAT32),
          new BenchVariant("torch", TF32),
          new BenchVariant("torch", "bfloat16"));

  /**
   * Engines in number formats, as far as they are chosen.
   *
   * @return those of one number format together
   */
  static List<List<BenchVariant>> chosen(Optional<String> engine, Optional<String> precision) {
    Map<String, List<BenchVariant>> groups =
        ALL.stream()
            .filter(v -> v.engine.equals(engine.orElse(v.engine)))
            .filter(v -> v.precision.equals(precision.orElse(v.precision)))
            .collect(groupingBy(BenchVariant::precision, LinkedHashMap::new, toList()));
    // something that does not exist, for the engine to say so
    return groups.isEmpty()
        ? List.of(List.of(new BenchVariant(engine.orElse("torch"), precision.orElse(FLOAT32))))
        : List.copyOf(groups.values());
  }

  /** PyTorch in a number format. */
  static BenchVariant pyTorch(String precision) {
    return new BenchVariant(PYTORCH, precision);
  }

  /**
   * Whether a number format is of use, so that it is measured without being asked for.
   *
   * @param cuda whether the engines compute on a GPU
   * @param bfloat16 whether the CPU multiplies it fast
   */
  static boolean pays(String precision, boolean cuda, boolean bfloat16) {
    return cuda
        || switch (precision) {
          case FLOAT32 -> true;
          case TF32 -> false;
          default -> bfloat16;
        };
  }

  @Override
  public String toString() {
    return engine + " " + precision;
  }
}

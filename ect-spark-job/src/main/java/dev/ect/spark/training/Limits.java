package dev.ect.spark.training;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;

/**
 * The limits of a JVM that are set by its options.
 *
 * @param heap largest size, bytes
 * @param tracked what JavaCPP lets its pointers hold, bytes; 0 or less for no limit
 * @param physical what JavaCPP lets the process take altogether, bytes; 0 or less for no limit
 * @param known whether the options say so, or only name a file
 * @param aeronElsewhere whether Aeron's files are in a folder of the user's
 */
record Limits(double heap, double tracked, double physical, boolean known, boolean aeronElsewhere) {
  private static final String PREFIX = "org.bytedeco.javacpp.";

  /** Of an executor. */
  static Limits of(SparkConf conf) {
    // As Spark puts them together; of two that say the same, Java takes the last.
    List<String> options =
        Arrays.asList(
            (conf.get("spark.executor.defaultJavaOptions", "")
                    + " "
                    + conf.get("spark.executor.extraJavaOptions", ""))
                .strip()
                .split("\\s+"));
    UnaryOperator<String> property =
        name ->
            options.stream()
                .filter(o -> o.startsWith("-D" + name + "="))
                .reduce((earlier, later) -> later)
                .map(o -> o.substring(name.length() + 3).replaceAll("^[\"']|[\"']$", ""))
                .orElse(null);
    double heap = conf.getSizeAsMb("spark.executor.memory", "1g") * (double) (1 << 20);
    return of(property, heap, options.stream().noneMatch(o -> o.startsWith("@")));
  }

  /** Of this JVM. */
  static Limits of(MemoryPlan.Host host) {
    return of(host.property(), host.heapBytes(), true);
  }

  /** Defaults as in JavaCPP's {@code Pointer}. */
  private static Limits of(UnaryOperator<String> property, double heap, boolean known) {
    double tracked = javacpp(property, "maxBytes", heap, heap);
    double physical =
        javacpp(property, "maxPhysicalBytes", heap, tracked > 0 ? tracked + 3 * heap : 0);
    return new Limits(heap, tracked, physical, known, property.apply("aeron.dir") != null);
  }

  private static double javacpp(
      UnaryOperator<String> property, String name, double heap, double unset) {
    String camel = property.apply(PREFIX + name);
    String text = camel == null ? property.apply(PREFIX + name.toLowerCase(Locale.ROOT)) : camel;
    if (text == null || text.isEmpty()) {
      return unset;
    }
    String unit = text.replaceFirst("^\\d+", "");
    double number = Double.parseDouble(text.substring(0, text.length() - unit.length()));
    return switch (unit.strip().toLowerCase(Locale.ROOT)) {
      case "%" -> number * heap / 100;
      case "t", "tb" -> number * Math.pow(2, 40);
      case "g", "gb" -> number * (1 << 30);
      case "m", "mb" -> number * (1 << 20);
      case "k", "kb" -> number * (1 << 10);
      default -> number;
    };
  }
}

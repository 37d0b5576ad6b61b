package dev.ect.spark.config;

import java.io.Serializable;

/**
 * The section {@code spark}.
 *
 * @param master where to run; {@code auto} for what spark-submit says, else {@code local[*]}
 * @param executors executors that tune together
 * @param ui whether local runs serve Spark's web pages
 * @param segmentTicks ticks per barrier stage
 */
public record SparkConfig(String master, int executors, boolean ui, int segmentTicks)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  static SparkConfig read(ConfigReader in) {
    return new SparkConfig(
        in.string("spark.master"),
        (int) in.integer("spark.executors", 1, 1),
        in.flag("spark.ui"),
        in.count("spark.segment-ticks", 1));
  }
}

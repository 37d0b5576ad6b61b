package dev.ect.spark.config;

import java.time.Duration;
import java.util.Optional;

/**
 * The section {@code spark}.
 *
 * @param master where to run; {@code auto} for what spark-submit says, else {@code local[*]}
 * @param executors executors that tune together
 * @param minExecutors fewest executors to go on with when some are lost
 * @param executorWait how long to wait for executors before going on with fewer
 * @param ui whether local runs serve Spark's web pages
 * @param segmentTicks ticks per barrier stage
 * @param segmentTimeout after which a barrier stage is given up and repeated; empty for never
 * @param maxFailures failures in a row, without a checkpoint in between, after which the run ends
 * @param retryWait pause after the first failure in a row; doubles with each further one
 */
public record SparkConfig(
    String master,
    int executors,
    int minExecutors,
    Duration executorWait,
    boolean ui,
    int segmentTicks,
    Optional<Duration> segmentTimeout,
    int maxFailures,
    Duration retryWait) {

  static SparkConfig read(ConfigReader in) {
    int executors = in.count("spark.executors", 1);
    return new SparkConfig(
        in.string("spark.master"),
        executors,
        (int) in.integer("spark.min-executors", 1, Math.max(1, executors)),
        in.duration("spark.executor-wait"),
        in.flag("spark.ui"),
        in.count("spark.segment-ticks", 1),
        in.autoDuration("spark.segment-timeout"),
        in.count("spark.max-failures", 1),
        in.duration("spark.retry-wait"));
  }
}

package dev.ect.spark.report;

/**
 * What Spark's metrics sinks show of a whole run at the driver, such as its pages {@code
 * /metrics/json} and {@code /metrics/prometheus}: gauges named {@code
 * <application>.driver.ect.<run>.all.<gauge>}, from {@link #open} to {@link #close}. May be set by
 * any thread.
 */
public final class JobMetrics extends GaugeSource {
  private volatile long step;
  private volatile double loss = Double.NaN;
  private volatile double imagesPerSecond;
  private volatile int executors;

  private JobMetrics(String run, long batch) {
    super(run, "all");
    gauge("step", () -> step);
    gauge("images", () -> step * batch);
    gauge("loss", () -> loss);
    gauge("imagesPerSecond", () -> imagesPerSecond);
    gauge("executors", () -> executors);
  }

  /**
   * Registers the gauges with this process's Spark; outside of Spark they are nobody's.
   *
   * @param run names the run; unique in this JVM
   * @param batch images per step
   */
  public static JobMetrics open(String run, long batch) {
    JobMetrics metrics = new JobMetrics(run, batch);
    metrics.register();
    return metrics;
  }

  /**
   * How far the run has come.
   *
   * @param done optimiser steps
   * @param mean loss, of the latest step or tick
   * @param speed images per second
   */
  public void progress(long done, double mean, double speed) {
    step = done;
    loss = mean;
    imagesPerSecond = speed;
  }

  /** How many replicas there are. */
  public void executors(int replicas) {
    executors = replicas;
  }
}

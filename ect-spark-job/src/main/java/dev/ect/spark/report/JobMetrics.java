package dev.ect.spark.report;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;
import org.apache.spark.metrics.source.Source;

/**
 * What Spark's metrics sinks show of a whole run at the driver, such as its pages {@code
 * /metrics/json} and {@code /metrics/prometheus}: gauges named {@code
 * <application>.driver.ect.<run>.all.<gauge>}, from {@link #open} to {@link #close}. May be set by
 * any thread.
 */
public final class JobMetrics implements Source, AutoCloseable {
  private final String name;
  private final MetricRegistry registry = new MetricRegistry();
  private final MetricsSystem system;

  private volatile long step;
  private volatile double loss = Double.NaN;
  private volatile double imagesPerSecond;
  private volatile int executors;

  private JobMetrics(String name, MetricsSystem system, long batch) {
    this.name = name;
    this.system = system;
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
    SparkEnv env = SparkEnv.get();
    JobMetrics metrics =
        new JobMetrics(
            RunMetrics.prefix(run) + ".all", env == null ? null : env.metricsSystem(), batch);
    if (metrics.system != null) {
      metrics.system.registerSource(metrics);
    }
    return metrics;
  }

  private void gauge(String gauge, Gauge<Object> value) {
    registry.register(gauge, value);
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

  @Override
  public String sourceName() {
    return name;
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }

  @Override
  public void close() {
    if (system != null) {
      system.removeSource(this);
    }
  }
}

package dev.ect.spark.report;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;
import org.apache.spark.metrics.source.Source;

/** Gauges of a run that Spark's metrics sinks show until they are closed. */
abstract class GaugeSource implements Source, AutoCloseable {
  private final String name;
  private final MetricRegistry registry = new MetricRegistry();
  private MetricsSystem system;

  /**
   * @param run names the run
   * @param part of it: Spark removes all gauges whose names begin with a source's, so that no
   *     source's name may begin another's
   */
  GaugeSource(String run, String part) {
    name = "ect." + run.replaceAll("[^A-Za-z0-9_-]", "_") + "." + part;
  }

  final void gauge(String gauge, Gauge<Object> value) {
    registry.register(gauge, value);
  }

  /** Registers the gauges with this process's Spark; outside of Spark they are nobody's. */
  final void register() {
    SparkEnv env = SparkEnv.get();
    system = env == null ? null : env.metricsSystem();
    if (system != null) {
      system.registerSource(this);
    }
  }

  @Override
  public final String sourceName() {
    return name;
  }

  @Override
  public final MetricRegistry metricRegistry() {
    return registry;
  }

  @Override
  public final void close() {
    if (system != null) {
      system.removeSource(this);
    }
  }
}

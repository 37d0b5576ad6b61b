package dev.ect.spark.report;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Locale;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;
import org.apache.spark.metrics.source.Source;

/**
 * What Spark's metrics sinks show of a replica: gauges named {@code
 * <application>.<executor>.ect.<run>.rank-<rank>.<gauge>}, from {@link #open} to {@link #close}.
 * Setting them costs a few memory writes. Set by one thread, read by Spark's.
 */
public final class RunMetrics implements Source, AutoCloseable {
  private static final double BYTES_PER_GIB = 1 << 30;

  private final String name;
  private final MetricRegistry registry = new MetricRegistry();
  private final MetricsSystem system;

  private volatile long step;
  private volatile long images;
  private volatile double loss = Double.NaN;
  private volatile double imagesPerSecond;
  private volatile Phases phases = Phases.NONE;
  private volatile long bytesSent;
  private volatile long bytesReceived;
  private volatile long framesDropped;

  private RunMetrics(String name, MetricsSystem system) {
    this.name = name;
    this.system = system;
    gauge("step", () -> step);
    gauge("images", () -> images);
    gauge("loss", () -> loss);
    gauge("imagesPerSecond", () -> imagesPerSecond);
    for (Phase phase : Phase.values()) {
      gauge(phase.id() + "Seconds", () -> phases.seconds(phase));
    }
    gauge("bytesSent", () -> bytesSent);
    gauge("bytesReceived", () -> bytesReceived);
    gauge("framesDropped", () -> framesDropped);
    gauge("residentBytes", () -> (long) (Memory.residentGib() * BYTES_PER_GIB));
  }

  /**
   * Registers the gauges with this process's Spark; outside of Spark they are nobody's.
   *
   * @param run names the run; with the rank, unique in this JVM
   * @param rank of the replica, from 0
   */
  public static RunMetrics open(String run, int rank) {
    // Spark removes a source by the beginning of its gauges' names: none may begin another one's.
    String name = String.format(Locale.ROOT, "%s.rank-%05d", prefix(run), rank);
    SparkEnv env = SparkEnv.get();
    RunMetrics metrics = new RunMetrics(name, env == null ? null : env.metricsSystem());
    if (metrics.system != null) {
      metrics.system.registerSource(metrics);
    }
    return metrics;
  }

  /** How the names of all sources of a run begin. */
  static String prefix(String run) {
    return "ect." + run.replaceAll("[^A-Za-z0-9_-]", "_");
  }

  private void gauge(String gauge, Gauge<Object> value) {
    registry.register(gauge, value);
  }

  /**
   * After a step.
   *
   * @param done optimiser steps
   * @param processed images, all executors together
   * @param mean loss of the step
   * @param speed images per second, all executors together
   */
  public void step(long done, long processed, double mean, double speed) {
    step = done;
    images = processed;
    loss = mean;
    imagesPerSecond = speed;
  }

  /** What the exchange has sent and received, bytes, and the frames that it refused. */
  public void traffic(long sent, long received, long dropped) {
    bytesSent = sent;
    bytesReceived = received;
    framesDropped = dropped;
  }

  /** After a tick: what its time went to. */
  public void tick(Phases spent) {
    phases = spent;
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

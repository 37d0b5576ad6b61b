package dev.ect.spark.report;

import java.util.Locale;

/**
 * What Spark's metrics sinks show of a replica: gauges named {@code
 * <application>.<executor>.ect.<run>.rank-<rank>.<gauge>}, from {@link #open} to {@link #close}.
 * Setting them costs a few memory writes. Set by one thread, read by Spark's.
 */
public final class RunMetrics extends GaugeSource {
  private static final double BYTES_PER_GIB = 1 << 30;

  private volatile long step;
  private volatile long images;
  private volatile double loss = Double.NaN;
  private volatile double imagesPerSecond;
  private volatile Phases phases = Phases.NONE;
  private volatile long bytesSent;
  private volatile long bytesReceived;
  private volatile long framesDropped;

  private RunMetrics(String run, int rank) {
    super(run, String.format(Locale.ROOT, "rank-%05d", rank));
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
    RunMetrics metrics = new RunMetrics(run, rank);
    metrics.register();
    return metrics;
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
}

package dev.ect.spark.training;

import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.config.SparkConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.exchange.ParameterServer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;

/** The executors of a run and the parameter server that they meet at, as the driver sees them. */
final class Crew implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofMillis(200);

  /** Says a line to the user. */
  @FunctionalInterface
  interface Voice {
    void line(String text) throws IOException;
  }

  private final SparkContext spark;
  private final SparkConfig config;
  private final ExchangeConfig exchange;
  private final Voice voice;
  private int gangs;
  private Gang gang;
  private ParameterServer server;

  Crew(SparkContext spark, SparkConfig config, ExchangeConfig exchange, Voice voice) {
    this.spark = spark;
    this.config = config;
    this.exchange = exchange;
    this.voice = voice;
  }

  /**
   * The gang for the next segment: the one there is, or a new one where there is none or more
   * executors have come.
   *
   * @param stop whether to wait no longer
   * @return null if there is still none because of {@code stop}
   * @throws UserError if there are too few executors
   */
  Gang gang(StopRequest stop) throws IOException, InterruptedException {
    boolean grown = false;
    if (gang != null && available() < gang.world()) {
      voice.line("executors are gone: there are " + available() + " instead of " + gang.world());
      disband();
    } else if (gang != null && gang.world() < config.executors() && available() > gang.world()) {
      voice.line("more executors have come: " + available() + " instead of " + gang.world());
      grown = true;
      disband();
    }
    if (gang == null && (grown || await(stop))) {
      int world = Math.min(available(), config.executors());
      if (world > 1) {
        server = ParameterServer.start(exchange, spark.conf().get("spark.driver.host"));
      }
      gang = new Gang(gangs++, world, server == null ? null : server.invitation());
    }
    return gang;
  }

  /** Gives the gang up: one of its replicas is lost. */
  void disband() {
    gang = null;
    if (server != null) {
      server.close();
      server = null;
    }
  }

  @Override
  public void close() {
    disband();
  }

  /** Waits for the executors that are wanted; for a while only, if there are enough to go on. */
  private boolean await(StopRequest stop) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    boolean said = false;
    while (available() < config.executors()) {
      if (stop.asked()) {
        return false;
      }
      long waited = System.nanoTime() - begin;
      if (waited > config.executorWait().toNanos()) {
        requireEnough(available());
        voice.line("going on with " + available() + " of " + config.executors() + " executors");
        return true;
      }
      if (!said && waited > TimeUnit.SECONDS.toNanos(2)) {
        said = true;
        voice.line(
            "waiting for "
                + config.executors()
                + " executors, up to "
                + config.executorWait().toSeconds()
                + " s; there "
                + (available() == 1 ? "is " : "are ")
                + available());
      }
      TimeUnit.MILLISECONDS.sleep(INTERVAL.toMillis());
    }
    return true;
  }

  private void requireEnough(int available) {
    if (available < config.minExecutors()) {
      throw new UserError(
          "Spark has "
              + available
              + " executors after "
              + config.executorWait().toSeconds()
              + " s (spark.executor-wait); expected "
              + config.executors()
              + ", at least "
              + config.minExecutors()
              + " (spark.executors, spark.min-executors), each of "
              + size("cores", "1")
              + " and "
              + size("memory", "1g")
              + ": make room on the cluster, ask spark-submit for as many, or look into the logs of"
              + " executors that end at once");
    }
  }

  private String size(String what, String otherwise) {
    String key = "spark.executor." + what;
    return key + " = " + spark.conf().get(key, otherwise);
  }

  /** Executors that Spark has now; a local run has as many as it wants. */
  private int available() {
    return spark.isLocal() ? config.executors() : spark.getExecutorMemoryStatus().size() - 1;
  }
}

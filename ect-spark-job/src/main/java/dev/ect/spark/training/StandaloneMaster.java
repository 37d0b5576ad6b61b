package dev.ect.spark.training;

import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/**
 * A standalone cluster's master, {@code spark://host:port}; several divided by commas stand by for
 * each other.
 *
 * @param address as it was given
 * @param hosts at least one, as {@code host:port} says
 */
record StandaloneMaster(String address, List<InetSocketAddress> hosts) {
  private static final String SCHEME = "spark://";
  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:\\[\\]]+):(\\d{1,5})");
  private static final String CORES = "spark.executor.cores";
  private static final String MAX_CORES = "spark.cores.max";
  private static final int HIGHEST_PORT = 65535;

  /** Spark itself tries for a minute. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /**
   * What a master says, if it is one of these.
   *
   * @throws UserError if it begins like one only
   */
  static Optional<StandaloneMaster> of(String master) {
    if (!master.startsWith(SCHEME)) {
      return Optional.empty();
    }
    List<InetSocketAddress> hosts = new ArrayList<>();
    for (String each : master.substring(SCHEME.length()).split(",", -1)) {
      Matcher matcher = HOST.matcher(each);
      int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
      if (port == 0 || port > HIGHEST_PORT) {
        throw new UserError(
            "spark.master is " + master + "; expected spark://host:port, port 7077 by default");
      }
      hosts.add(InetSocketAddress.createUnresolved(matcher.group(1), port));
    }
    return Optional.of(new StandaloneMaster(master, List.copyOf(hosts)));
  }

  /**
   * Asks for as many executors as the run wants, one task in each.
   *
   * @throws UserError if the settings would not give these
   */
  void configure(SparkConf conf, int executors) {
    if (!conf.contains(CORES)) {
      if (executors > 1 && !conf.contains("spark.task.resource.gpu.amount")) {
        throw new UserError(
            "spark.executor.cores is not set: an executor would take all cores of a worker, and"
                + " Spark would put several tasks into it; expected the cores of one executor:"
                + " add --executor-cores to spark-submit");
      }
      return;
    }
    int wanted = Math.multiplyExact(executors, conf.getInt(CORES, 1));
    conf.setIfMissing(MAX_CORES, String.valueOf(wanted));
    if (conf.getInt(MAX_CORES, wanted) < wanted) {
      throw new UserError(
          "spark.cores.max is "
              + conf.get(MAX_CORES)
              + " (--total-executor-cores); expected at least "
              + wanted
              + ": spark.executors = "
              + executors
              + " with spark.executor.cores = "
              + conf.get(CORES)
              + " each");
    }
  }

  /**
   * Tries to connect.
   *
   * @throws UserError if none of the hosts answers
   */
  void requireReachable() {
    List<String> reasons = new ArrayList<>();
    for (InetSocketAddress host : hosts) {
      String name = host.getHostString().replaceAll("[\\[\\]]", "");
      InetSocketAddress resolved = new InetSocketAddress(name, host.getPort());
      try (Socket socket = new Socket()) {
        if (resolved.isUnresolved()) {
          reasons.add("unknown host " + name);
          continue;
        }
        socket.connect(resolved, (int) PATIENCE.toMillis());
        return;
      } catch (IOException e) {
        reasons.add(String.valueOf(e.getMessage()));
      }
    }
    throw new UserError(
        address
            + ": cannot be reached ("
            + String.join("; ", reasons)
            + "); expected a standalone master that runs there: its web page and its log show its"
            + " address");
  }
}

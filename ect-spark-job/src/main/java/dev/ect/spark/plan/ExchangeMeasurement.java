package dev.ect.spark.plan;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.exchange.GradientExchange;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Measures what {@link ExchangeCosts} holds: two nodes in this JVM exchange a long vector and a
 * short one with the dense encoding, and the CPU time of each kind of thread is counted. CPU times
 * hardly depend on what else the machine does.
 */
public final class ExchangeMeasurement {
  private static final int WORLD = 2;

  /** Values of the long vector: enough to see past the caches. */
  private static final long MOST_VALUES = 1 << 23;

  private static final long FEW_VALUES = 2;
  private static final int SHORT_STEPS = 300;
  private static final int PAUSED_STEPS = 60;

  /** As long as a short pass: threads that wait for frames sleep the deeper, the longer it is. */
  private static final long PAUSE_MILLIS = 30;

  /** Frames of a short exchange: a note, a part, a sum. */
  private static final int SHORT_FRAMES = 3;

  /** And how often the thread that trains takes one up: copies, adds up two, takes. */
  private static final int SHORT_USES = 4;

  private static final List<Pattern> THREADS =
      Stream.of(
              LocalNodes.THREAD + "\\d+",
              "exchange-sender",
              "(.* )?sender",
              "(.* )?receiver",
              "exchange-receiver")
          .map(Pattern::compile)
          .toList();

  private ExchangeMeasurement() {}

  /**
   * Measures.
   *
   * @param engine makes the vectors of a node
   * @param parameters of the network
   * @param progress gets a line
   */
  public static ExchangeCosts run(
      ExchangeConfig config, Supplier<Engine> engine, long parameters, Consumer<String> progress)
      throws IOException, InterruptedException {
    ExchangeConfig dense =
        new ExchangeConfig(
            ExchangeConfig.Encoding.DENSE,
            config.transport(),
            "",
            0,
            0,
            config.timeout(),
            config.threshold());
    long values = Math.max(FEW_VALUES, Math.min(MOST_VALUES, parameters));
    int steps = (int) Math.max(8, Math.min(100, MOST_VALUES / values * 8));
    double[] large;
    double[] small;
    double paused;
    double idle;
    try (LocalNodes nodes = new LocalNodes(WORLD, dense)) {
      Exchange brief = new Exchange(engine, FEW_VALUES, SHORT_STEPS, 0);
      Exchange full = new Exchange(engine, values, steps, 0);
      // What is not compiled yet would be counted.
      nodes.run(brief::run);
      nodes.run(full::run);
      small = cpuSeconds(nodes, brief);
      large = cpuSeconds(nodes, full);
      Exchange late = new Exchange(engine, FEW_VALUES, PAUSED_STEPS, PAUSE_MILLIS);
      Map<Long, Double> before = threadSeconds();
      long begin = System.nanoTime();
      double[] waits = nodes.run(late::run).get(0);
      double passed = (System.nanoTime() - begin) / 1e9;
      // The server has as many threads as a node, which look as often for what does not come.
      idle = secondsSince(before) / passed / (WORLD + 1);
      // The mean: a step adds up waits, the rare long ones too.
      paused = Arrays.stream(waits).average().orElseThrow();
    }
    Datagrams.Cost datagram = Datagrams.measure();
    Pieces piece = Pieces.ofVector(values, WORLD);
    StationCost[] stations = new StationCost[THREADS.size()];
    for (int i = 0; i < stations.length; i++) {
      boolean trainer = i == 0;
      int uses = trainer ? SHORT_USES : SHORT_FRAMES;
      // Copied, added up as four copies, and taken: six pieces. Sent: two.
      double full = large[i] / (trainer ? 6 : 2) / piece.bytes() * piece.frame(0);
      stations[i] = StationCost.of(small[i] / uses, full, piece.frame(0));
    }
    ExchangeCosts costs =
        new ExchangeCosts(
            stations[0],
            stations[1],
            stations[2],
            stations[3],
            stations[4],
            datagram.sendSeconds(),
            datagram.receiveSeconds(),
            0,
            idle);
    ExchangeCosts found = costs.withLatency(latency(costs, paused));
    progress.accept(text(found));
    return found;
  }

  /** What is left of a short exchange, which is two messages after each other. */
  private static double latency(ExchangeCosts costs, double seconds) {
    NodeSimulation node =
        new NodeSimulation(
            new Site(WORLD, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 0, 0), costs);
    double working =
        node.run(new DenseTrainer(node, WORLD, costs, FEW_VALUES, 0, 0, List.of(), 1, 0));
    return Math.max(0, (seconds - working) / 2);
  }

  private static String text(ExchangeCosts costs) {
    double mega = 1e6 * 1e3;
    return String.format(
        Locale.ROOT,
        "exchange, CPU ms per MB: copying and adding %.3f, sealing %.3f, sending %.3f, receiving"
            + " %.3f, opening %.3f; datagram of %d bytes %.1f us to send, %.1f to receive; waking"
            + " %.2f ms per message; looking for frames takes %.2f of a core",
        costs.reduce().byteSeconds() * mega,
        costs.seal().byteSeconds() * mega,
        costs.send().byteSeconds() * mega,
        costs.receive().byteSeconds() * mega,
        costs.open().byteSeconds() * mega,
        Datagrams.SHORT,
        costs.datagramSendSeconds() * 1e6,
        costs.datagramReceiveSeconds() * 1e6,
        costs.latencySeconds() * 1e3,
        costs.idleCores());
  }

  /** CPU seconds per step and node, by kind of thread. */
  private static double[] cpuSeconds(LocalNodes nodes, Exchange exchange)
      throws InterruptedException {
    double[] seconds = cpuSeconds();
    nodes.run(exchange::run);
    double[] after = cpuSeconds();
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] = (after[i] - seconds[i]) / exchange.steps() / WORLD;
    }
    return seconds;
  }

  /** CPU seconds so far by thread of Java: what compiles in the background is not one. */
  private static Map<Long, Double> threadSeconds() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Map<Long, Double> seconds = new HashMap<>();
    for (long id : threads.getAllThreadIds()) {
      seconds.put(id, Math.max(0, threads.getThreadCpuTime(id)) / 1e9);
    }
    return seconds;
  }

  /** CPU seconds of the threads that were there before and still are. */
  private static double secondsSince(Map<Long, Double> before) {
    return threadSeconds().entrySet().stream()
        .filter(thread -> before.containsKey(thread.getKey()))
        .mapToDouble(thread -> Math.max(0, thread.getValue() - before.get(thread.getKey())))
        .sum();
  }

  /** CPU seconds so far, by kind of thread. */
  private static double[] cpuSeconds() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    double[] seconds = new double[THREADS.size()];
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      for (int i = 0; thread != null && i < seconds.length; i++) {
        if (THREADS.get(i).matcher(thread.getThreadName()).matches()) {
          seconds[i] += Math.max(0, threads.getThreadCpuTime(thread.getThreadId())) / 1e9;
        }
      }
    }
    return seconds;
  }

  /**
   * Exchanges of a vector, with pauses before them.
   *
   * @param engine makes the vector
   */
  private record Exchange(Supplier<Engine> engine, long values, int steps, long pauseMillis) {
    /** Returns the seconds of each, as one of the nodes. */
    private double[] run(GradientExchange node) throws InterruptedException {
      double[] seconds = new double[steps];
      try (Engine own = engine.get();
          Tensor vector = own.zeros(values)) {
        for (int step = 0; step < steps; step++) {
          if (pauseMillis > 0) {
            Thread.sleep(pauseMillis);
          }
          long begin = System.nanoTime();
          node.begin(vector);
          node.finish(new byte[1]);
          seconds[step] = (System.nanoTime() - begin) / 1e9;
        }
      }
      return seconds;
    }
  }
}

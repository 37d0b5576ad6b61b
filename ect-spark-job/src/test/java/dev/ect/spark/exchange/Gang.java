package dev.ect.spark.exchange;

import dev.ect.spark.config.ExchangeConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A parameter server and the exchanges of all ranks in this JVM, each with a thread. */
final class Gang implements AutoCloseable {
  static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final long PATIENCE_SECONDS = 120;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ParameterServer server;
  private final List<ParameterServerNode> nodes = new ArrayList<>();
  private final List<GradientExchange> exchanges = new ArrayList<>();
  final AtomicBoolean cancelled = new AtomicBoolean();

  /** What a rank does. */
  interface Work<T> {
    T run(int rank, GradientExchange exchange) throws Exception;
  }

  private Gang(ExchangeConfig config) {
    server = ParameterServer.start(config, "127.0.0.1");
  }

  static ExchangeConfig config(Duration timeout) {
    return config(ExchangeConfig.Transport.PARAMETER_SERVER, timeout);
  }

  static ExchangeConfig config(ExchangeConfig.Transport transport, Duration timeout) {
    return new ExchangeConfig(
        ExchangeConfig.Encoding.DENSE,
        transport,
        "",
        0,
        0,
        timeout,
        new ExchangeConfig.Threshold(1e-3, 1e-4, 1e-2));
  }

  static Gang of(int world) throws Exception {
    return of(world, config(TIMEOUT));
  }

  static Gang of(int world, ExchangeConfig config) throws Exception {
    Gang gang = new Gang(config);
    try {
      for (int i = 0; i < world; i++) {
        gang.nodes.add(
            ParameterServerNode.join(gang.server.invitation(), "127.0.0.1", gang.cancelled::get));
      }
      List<String> endpoints = gang.nodes.stream().map(ParameterServerNode::endpoint).toList();
      gang.exchanges.addAll(
          gang.inParallel(world, rank -> () -> gang.nodes.get(rank).exchange(rank, endpoints)));
      return gang;
    } catch (Exception | Error e) {
      gang.close();
      throw e;
    }
  }

  private interface Task<T> {
    Callable<T> of(int rank);
  }

  private <T> List<T> inParallel(int world, Task<T> task) throws Exception {
    List<Future<T>> futures = new ArrayList<>();
    for (int i = 0; i < world; i++) {
      futures.add(threads.submit(task.of(i)));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> future : futures) {
      results.add(result(future));
    }
    return results;
  }

  private static <T> T result(Future<T> future) throws Exception {
    try {
      return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    } catch (TimeoutException e) {
      throw new AssertionError("a rank has not come back", e);
    }
  }

  /** What all ranks come to. */
  <T> List<T> each(Work<T> work) throws Exception {
    return inParallel(exchanges.size(), rank -> () -> work.run(rank, exchanges.get(rank)));
  }

  /** What one rank comes to. */
  <T> Future<T> start(int rank, Work<T> work) {
    return threads.submit(() -> work.run(rank, exchanges.get(rank)));
  }

  GradientExchange exchange(int rank) {
    return exchanges.get(rank);
  }

  ParameterServerNode node(int rank) {
    return nodes.get(rank);
  }

  ParameterServer server() {
    return server;
  }

  int world() {
    return exchanges.size();
  }

  @Override
  public void close() throws Exception {
    if (exchanges.isEmpty()) {
      nodes.forEach(ParameterServerNode::close);
    } else {
      each(
          (rank, exchange) -> {
            exchange.close();
            return null;
          });
    }
    server.close();
    threads.shutdownNow();
  }
}

package dev.ect.spark.plan;

import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.exchange.ExchangeException;
import dev.ect.spark.exchange.GradientExchange;
import dev.ect.spark.exchange.ParameterServer;
import dev.ect.spark.exchange.ParameterServerNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** A parameter server and a few nodes of it in this JVM, each with a thread that trains. */
final class LocalNodes implements AutoCloseable {
  /** Their names, without the rank. */
  static final String THREAD = "plan-trainer-";

  private static final String HOST = "127.0.0.1";

  /** What a node does. */
  interface Task<T> {
    T run(GradientExchange exchange) throws Exception;
  }

  private interface RankTask<T> {
    T run(int rank) throws Exception;
  }

  private final List<ExecutorService> threads = new ArrayList<>();
  private final List<ParameterServerNode> nodes = new ArrayList<>();
  private final List<GradientExchange> exchanges = new ArrayList<>();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final ParameterServer server;

  /**
   * @param config its encoding and timeout are used; everything listens on the loopback interface
   */
  LocalNodes(int world, ExchangeConfig config) throws InterruptedException {
    server =
        ParameterServer.start(
            new ExchangeConfig(
                config.encoding(),
                ExchangeConfig.Transport.PARAMETER_SERVER,
                "",
                0,
                0,
                config.timeout(),
                config.threshold()),
            HOST);
    try {
      for (int rank = 0; rank < world; rank++) {
        String name = THREAD + rank;
        threads.add(
            Executors.newSingleThreadExecutor(
                work -> {
                  Thread thread = new Thread(work, name);
                  thread.setDaemon(true);
                  return thread;
                }));
        nodes.add(ParameterServerNode.join(server.invitation(), HOST, cancelled::get));
      }
      List<String> endpoints = nodes.stream().map(ParameterServerNode::endpoint).toList();
      exchanges.addAll(each(rank -> nodes.get(rank).exchange(rank, endpoints)));
    } catch (RuntimeException | InterruptedException | Error e) {
      close();
      throw e;
    }
  }

  /** Has all nodes do something at once; returns what they come to, by rank. */
  <T> List<T> run(Task<T> task) throws InterruptedException {
    return each(rank -> task.run(exchanges.get(rank)));
  }

  private <T> List<T> each(RankTask<T> task) throws InterruptedException {
    List<Future<T>> futures = new ArrayList<>();
    for (int rank = 0; rank < threads.size(); rank++) {
      int number = rank;
      futures.add(threads.get(rank).submit(() -> task.run(number)));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> future : futures) {
      try {
        results.add(future.get());
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new ExchangeException("a node failed: " + e.getCause(), e);
      }
    }
    return results;
  }

  @Override
  public void close() {
    try {
      if (exchanges.isEmpty()) {
        nodes.forEach(ParameterServerNode::close);
      } else {
        // They say goodbye to each other, which takes all of them.
        each(
            rank -> {
              exchanges.get(rank).close();
              return rank;
            });
      }
    } catch (InterruptedException e) {
      cancelled.set(true);
      Thread.currentThread().interrupt();
    } finally {
      server.close();
      threads.forEach(ExecutorService::shutdownNow);
    }
  }
}

package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Tensor;
import dev.ect.spark.config.ExchangeConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ThresholdExchangeTest {
  private static final int WORLD = 3;
  private static final int LENGTH = 10_000;
  private static final ExchangeConfig.Threshold CONFIG =
      new ExchangeConfig.Threshold(1e-3, 0.12, 0.15);

  /** Ranks of one process that hand each other arrays. */
  private static final class Table {
    private final byte[][] places = new byte[WORLD][];
    private final CyclicBarrier laid = new CyclicBarrier(WORLD);
    private final CyclicBarrier taken = new CyclicBarrier(WORLD);

    Gather seat(int rank) {
      return new Gather() {
        @Override
        public int rank() {
          return rank;
        }

        @Override
        public int world() {
          return WORLD;
        }

        @Override
        public List<byte[]> gather(byte[] mine) {
          try {
            places[rank] = mine;
            laid.await(30, TimeUnit.SECONDS);
            List<byte[]> all = List.of(places);
            taken.await(30, TimeUnit.SECONDS);
            return all;
          } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new ExchangeException("a rank is missing", e);
          }
        }

        @Override
        public Traffic traffic() {
          return new Traffic(rank, 0, 0);
        }

        @Override
        public long waitedNanos() {
          return 0;
        }

        @Override
        public void abort(String reason) {
          laid.reset();
        }

        @Override
        public void close() {
          places[rank] = null;
        }
      };
    }
  }

  private record Step(float[] sum, List<String> notes, Traffic traffic) {}

  private static float[] gradient(int rank, int step) {
    Random random = new Random(100L * rank + step);
    float[] values = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      values[i] = (float) random.nextGaussian() + 0.1f;
    }
    return values;
  }

  /** The steps of a rank; checks that nothing is lost on the way. */
  private static List<Step> steps(Gather gather, int count) {
    List<Step> steps = new ArrayList<>();
    try (Engine engine = Engines.open("nd4j", new EngineOptions(Precision.FLOAT32, 1, "cpu"));
        GradientExchange exchange = new ThresholdExchange(gather, CONFIG)) {
      for (int step = 0; step < count; step++) {
        try (Tensor tensor = engine.create(gradient(gather.rank(), step), LENGTH)) {
          String note = "rank " + exchange.rank() + " step " + step;
          exchange.begin(tensor);
          exchange.ready(LENGTH / 2);
          List<String> notes =
              exchange.finish(note.getBytes(StandardCharsets.UTF_8)).stream()
                  .map(n -> new String(n, StandardCharsets.UTF_8))
                  .toList();
          steps.add(new Step(tensor.toArray(), notes, exchange.traffic()));
        }
      }
    }
    return steps;
  }

  private static <T> List<T> together(List<Callable<T>> ranks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(ranks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> each : threads.invokeAll(ranks)) {
        results.add(each.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void allRanksGetTheSameSumAndTheNotesOfAll() throws Exception {
    int count = 20;
    Table table = new Table();
    List<Callable<List<Step>>> ranks = new ArrayList<>();
    for (int rank = 0; rank < WORLD; rank++) {
      Gather seat = table.seat(rank);
      ranks.add(() -> steps(seat, count));
    }
    List<List<Step>> all = together(ranks);
    double[] sent = new double[LENGTH];
    for (int step = 0; step < count; step++) {
      Step first = all.get(0).get(step);
      assertEquals(
          List.of("rank 0 step " + step, "rank 1 step " + step, "rank 2 step " + step),
          first.notes());
      for (int rank = 0; rank < WORLD; rank++) {
        assertArrayEquals(first.sum(), all.get(rank).get(step).sum());
        assertEquals(rank, all.get(rank).get(step).traffic().bytesSent());
      }
      for (int i = 0; i < LENGTH; i++) {
        sent[i] += first.sum()[i];
      }
    }
    // What has arrived after many steps is the sum of all gradients, but for what is still kept.
    double mean = Arrays.stream(sent).average().orElseThrow();
    assertEquals(0.1 * WORLD * count, mean, 0.6);
  }

  @Test
  void damagedNotesAreRefused() {
    for (byte[] bad : List.of(new byte[3], new byte[] {0, 0, 0, 1}, new byte[] {-1, 0, 0, 0})) {
      Gather alone = alone(bad);
      try (Engine engine = Engines.open("nd4j", new EngineOptions(Precision.FLOAT32, 1, "cpu"));
          Tensor tensor = engine.zeros(LENGTH);
          GradientExchange exchange = new ThresholdExchange(alone, CONFIG)) {
        exchange.begin(tensor);
        String message =
            assertThrows(ExchangeException.class, () -> exchange.finish(new byte[0])).getMessage();
        assertTrue(message.startsWith("damaged threshold message from rank 0: "), message);
      }
    }
  }

  /** A rank that receives something else than what it sent. */
  private static Gather alone(byte[] received) {
    return new Gather() {
      @Override
      public int rank() {
        return 0;
      }

      @Override
      public int world() {
        return 1;
      }

      @Override
      public List<byte[]> gather(byte[] mine) {
        return List.of(received);
      }

      @Override
      public Traffic traffic() {
        return Traffic.NONE;
      }

      @Override
      public long waitedNanos() {
        return 0;
      }

      @Override
      public void abort(String reason) {
        // Nobody waits.
      }

      @Override
      public void close() {
        // Nothing is held.
      }
    };
  }
}

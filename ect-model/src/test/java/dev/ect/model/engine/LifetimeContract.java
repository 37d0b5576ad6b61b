package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** What holds over many kernels: no leaks, equal bits, any one thread. */
interface LifetimeContract extends EngineContract {
  /** Linux's account of a process; the test of resident memory runs where it exists. */
  Path STATUS = Path.of("/proc/self/status");

  @Test
  default void memoryStaysFlatOverTraining() throws IOException {
    assumeTrue(Files.isReadable(STATUS) && usesNativeMemory());
    try (MiniNetwork network = new MiniNetwork(engine())) {
      int step = steps(network, 0, 50);
      // The JVM's own memory grows in jumps; a leak grows in every window.
      long least = Long.MAX_VALUE;
      for (int window = 0; window < 3 && least >= 20_000; window++) {
        long early = residentKilobytes();
        step = steps(network, step, 150);
        least = Math.min(least, residentKilobytes() - early);
      }
      assertTrue(least < 20_000, "resident memory grew by " + least + " kB in 150 steps");
    }
  }

  /** Collects garbage often, so that Java's heap does not spread over memory meanwhile. */
  private static int steps(MiniNetwork network, int from, int count) {
    for (int step = from; step < from + count; step++) {
      network.step(step);
      if (step % 10 == 9) {
        System.gc();
      }
    }
    return from + count;
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  @Test
  default void equalInputsGiveEqualBits() {
    assertArrayEquals(train(engine(), 10), train(engine(), 10));
  }

  private static float[] train(Engine engine, int steps) {
    try (MiniNetwork network = new MiniNetwork(engine)) {
      float[] before = network.weights();
      for (int step = 0; step < steps; step++) {
        network.step(step);
      }
      float[] after = network.weights();
      for (int i = 0; i < after.length; i++) {
        assertTrue(Float.isFinite(after[i]), "weights stay finite");
      }
      assertTrue(before[0] != after[0], "weights move");
      return after;
    }
  }

  @Test
  default void anEngineOpenedInOneThreadWorksInAnother()
      throws InterruptedException, ExecutionException {
    float[] here = train(engine(), 3);
    ExecutorService first = Executors.newSingleThreadExecutor();
    ExecutorService second = Executors.newSingleThreadExecutor();
    try (Engine other = first.submit(this::fresh).get()) {
      Tensor t = first.submit(() -> other.create(new float[] {1, 2}, 2)).get();
      assertArrayEquals(here, second.submit(() -> train(other, 3)).get());
      assertArrayEquals(new float[] {1, 2}, second.submit(t::toArray).get());
      second.submit(t::close).get();
      assertEquals(0, other.openTensors());
    } finally {
      first.shutdownNow();
      second.shutdownNow();
    }
  }

  @Test
  default void aMiniNetworkFollowsTheReference() {
    float[] expected = train(new ReferenceEngine(), 3);
    float[] actual = train(engine(), 3);
    // Adam divides a gradient by its size, so that small errors may reach the size of a step
    assertArrayEquals(expected, actual, 1e-3f);
  }
}

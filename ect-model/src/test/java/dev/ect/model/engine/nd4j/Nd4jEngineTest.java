package dev.ect.model.engine.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class Nd4jEngineTest {
  private static final GroupNorm NORM = new GroupNorm(4, 1e-5, true);

  private static final float[] IMAGES = gaussians(4 * 32 * 12 * 12);
  private static final float[] WEIGHTS = gaussians(32 * 32 * 9 + 64);

  private Engine engine;

  @BeforeEach
  void open() {
    engine = new Nd4jEngineProvider().open(new EngineOptions(Precision.FLOAT32, 2, "cpu"));
  }

  @AfterEach
  void close() {
    assertEquals(0, engine.openTensors());
    engine.close();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void memoryStaysFlat() throws IOException {
    steps(200);
    long before = residentKilobytes();
    steps(200);
    long grown = residentKilobytes() - before;
    // One image tensor of 64 KiB left behind in every step would be 12.5 MiB.
    assertTrue(grown < 10 * 1024, "resident memory grew by " + grown + " KiB in 200 steps");
  }

  /** Collects garbage often, so that Java's heap does not spread over memory meanwhile. */
  private void steps(int count) {
    for (int i = 0; i < count; i++) {
      step(engine);
      if (i % 10 == 9) {
        System.gc();
      }
    }
  }

  @Test
  void equalInputsGiveEqualBitsWhateverTheThread() throws Exception {
    float[] here = step(engine);
    assertArrayEquals(here, step(engine));
    assertArrayEquals(here, inThread(() -> step(engine)));
  }

  @Test
  void anotherEnginesTensorsAreRefused() {
    try (Engine other =
            new Nd4jEngineProvider().open(new EngineOptions(Precision.FLOAT32, 2, "cpu"));
        Tensor mine = engine.zeros(2);
        Tensor theirs = other.zeros(2)) {
      var e = assertThrows(IllegalArgumentException.class, () -> engine.multiply(mine, theirs));
      assertTrue(e.getMessage().contains("another engine"), e.getMessage());
    }
  }

  @Test
  void freedMemoryIsUsedAgain() {
    try (Nd4jMemory memory = new Nd4jMemory()) {
      var first = memory.take(100);
      memory.give(first);
      assertSame(first, memory.take(100));
      memory.give(first);
    }
  }

  @Test
  void memoryBeyondWhatWasEverUsedIsFreed() {
    try (Nd4jMemory memory = new Nd4jMemory()) {
      var first = memory.take(100);
      memory.give(first);
      var second = memory.take(90);
      assertTrue(first.wasClosed());
      memory.give(second);
    }
  }

  @Test
  void aClosedEngineMakesNothingAndLeavesOpenTensorsToTheirOwners() {
    Engine other = new Nd4jEngineProvider().open(new EngineOptions(Precision.FLOAT32, 2, "cpu"));
    try (Tensor x = other.create(new float[] {1, 2}, 2)) {
      other.close();
      assertArrayEquals(new float[] {1, 2}, x.toArray());
      assertThrows(IllegalStateException.class, () -> other.zeros(2));
    }
    assertEquals(0, other.openTensors());
  }

  /** A block's worth of kernels, forward and backward; gives what they computed. */
  private static float[] step(Engine engine) {
    try (Tensor x = engine.create(IMAGES, 4, 32, 12, 12);
        Tensor weights = engine.create(WEIGHTS, WEIGHTS.length);
        Tensor gradients = engine.zeros(weights.elements());
        Tensor w = engine.view(weights, 0, 32, 32, 3, 3);
        Tensor gamma = engine.view(weights, 32 * 32 * 9, 32);
        Tensor beta = engine.view(weights, 32 * 32 * 9 + 32, 32);
        Tensor gw = engine.view(gradients, 0, 32, 32, 3, 3);
        Tensor gGamma = engine.view(gradients, 32 * 32 * 9, 32);
        Tensor gBeta = engine.view(gradients, 32 * 32 * 9 + 32, 32)) {
      Result norm = engine.groupNorm(x, gamma, beta, null, NORM, true);
      try (Tensor y = norm.output();
          Tensor z = engine.conv2d(y, w, null, 1);
          Tensor gy = engine.conv2dBackward(z, y, w, 1, true, gw, null)) {
        Tensor[] gx = engine.groupNormBackward(gy, x, gamma, beta, null, NORM, norm, gGamma, gBeta);
        gx[0].close();
      }
      norm.saved().forEach(Tensor::close);
      return gradients.toArray();
    }
  }

  private static float[] inThread(Callable<float[]> work)
      throws InterruptedException, ExecutionException {
    FutureTask<float[]> task = new FutureTask<>(work);
    Thread thread = new Thread(task);
    thread.start();
    thread.join();
    return task.get();
  }

  private static float[] gaussians(int count) {
    return new Philox(3, Purpose.SUBSET, 0, count).gaussians(count);
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}

package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.Engines;
import dev.ect.model.network.Network;
import java.nio.FloatBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Same seed, same engine, same threads: the same bits. */
final class DeterminismTest {
  private static final int STEPS = 8;

  static Stream<Named<EngineProvider>> engines() {
    return Engines.providers().stream().map(p -> Named.of(p.name(), p));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void runsEndInTheSameBitsAlsoWhenHandedOnToAnotherReplica(EngineProvider provider) {
    try (Engine engine = provider.open(EngineOptions.defaults())) {
      float[] expected = run(engine, false);
      assertArrayEquals(expected, run(engine, false));
      assertArrayEquals(expected, run(engine, true));
      assertEquals(0, engine.openTensors(), "open tensors");
    }
  }

  /**
   * The weights after some steps in four stages; optionally the second half on a replica that got
   * the state by value.
   */
  private static float[] run(Engine engine, boolean handOn) {
    Network network = TinyRun.network(0.2);
    try (Tuner first = TinyRun.tuner(engine, network);
        Tuner second = TinyRun.tuner(engine, network)) {
      Tuner tuner = first;
      for (int step = 0; step < STEPS; step++) {
        if (handOn && step == STEPS / 2) {
          copy(first.vectors(), second.vectors());
          second.resume(first.progress());
          tuner = second;
        }
        tuner.gradient(EctLoss.DEFAULT.atStage(step / 2), TinyRun.batch(4, step), 4, 3);
        tuner.update(4);
      }
      return tuner.vectors().weights().toArray();
    }
  }

  private static void copy(TuningVectors from, TuningVectors to) {
    to.weights().write(0, FloatBuffer.wrap(from.weights().toArray()));
    to.ema().write(0, FloatBuffer.wrap(from.ema().toArray()));
    to.expAvg().write(0, FloatBuffer.wrap(from.expAvg().toArray()));
    to.expAvgSq().write(0, FloatBuffer.wrap(from.expAvgSq().toArray()));
  }
}

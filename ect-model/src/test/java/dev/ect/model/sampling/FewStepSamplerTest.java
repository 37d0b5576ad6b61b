package dev.ect.model.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Network;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.Weights;
import dev.ect.model.tuning.TinyRun;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FewStepSamplerTest {
  private static final List<List<Double>> SAMPLERS =
      List.of(List.of(), List.of(0.8), List.of(2.0, 0.5));
  private static final long[] NUMBERS = {4, 17, 100_000};

  static List<EngineProvider> providers() {
    return Engines.providers();
  }

  private static void withDenoiser(EngineProvider provider, Consumer<Denoiser> test) {
    try (Engine engine = provider.open(EngineOptions.defaults())) {
      Network network = TinyRun.network(0);
      float[] initial = network.initialParameters(TinyRun.SEED);
      for (int i = 0; i < initial.length; i++) {
        // The last layers begin near zero.
        initial[i] += 0.05f * (float) Math.sin(i);
      }
      try (Tensor values = engine.create(initial, initial.length);
          Weights weights = new Weights(engine, network.parameters(), values, null)) {
        test.accept(
            new Denoiser(
                network, Preconditioning.ECM, weights, network.initialBuffers(TinyRun.SEED)));
      }
      assertEquals(0, engine.openTensors(), "open tensors");
    }
  }

  private static float[] alone(Denoiser denoiser, List<Double> midT) {
    return new FewStepSampler(denoiser, FewStepSampler.T_MAX, midT)
        .sample(9, NUMBERS, Conditioning.NONE);
  }

  @ParameterizedTest
  @MethodSource("providers")
  void samplersThatShareTheirFirstEvaluationGiveWhatEachGivesAlone(EngineProvider provider) {
    withDenoiser(
        provider,
        denoiser -> {
          float[][] together =
              FewStepSampler.sampleEach(
                  denoiser, FewStepSampler.T_MAX, SAMPLERS, 9, NUMBERS, Conditioning.NONE);
          for (int i = 0; i < SAMPLERS.size(); i++) {
            assertArrayEquals(alone(denoiser, SAMPLERS.get(i)), together[i]);
          }
          assertFalse(Arrays.equals(together[0], together[1]));
        });
  }

  @Test
  void anImageFollowsFromSeedAndNumber() {
    withDenoiser(
        Engines.providers().get(0),
        denoiser -> {
          float[] all = alone(denoiser, List.of(0.8));
          float[] last =
              new FewStepSampler(denoiser, FewStepSampler.T_MAX, List.of(0.8))
                  .sample(9, new long[] {NUMBERS[2]}, Conditioning.NONE);
          assertArrayEquals(Arrays.copyOfRange(all, 128, 192), last, 1e-4f);
        });
  }
}

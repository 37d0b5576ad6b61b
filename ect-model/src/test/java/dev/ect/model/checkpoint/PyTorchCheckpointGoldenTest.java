package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Sha256;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Network;
import dev.ect.model.network.Weights;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TuningVectors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The pickles of the authors' implementation. */
class PyTorchCheckpointGoldenTest {
  private static final double OUTPUT_TOLERANCE = 1e-4;
  private static final long BATCH = 128;

  static List<Path> snapshots() {
    return Goldens.files("network-snapshot-", ".pkl");
  }

  static List<Path> states() {
    return Goldens.files("training-state-", ".pt");
  }

  static Stream<Arguments> snapshotsOnEngines() {
    return snapshots().stream()
        .flatMap(
            path -> Engines.providers().stream().map(provider -> Arguments.of(path, provider)));
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("snapshotsOnEngines")
  void networksGiveTheSameImages(Path path, EngineProvider provider) throws IOException {
    Goldens golden =
        Goldens.read(
            path.resolveSibling(
                path.getFileName().toString().replace(".pkl", ".expected.safetensors")));
    try (Engine engine = provider.open(EngineOptions.defaults());
        NetworkSnapshot snapshot = NetworkSnapshot.open(new LocalStore(), path.toString())) {
      assertEquals(golden.spec(), snapshot.spec());
      Network network = Network.of(snapshot.spec());
      try (Tensor values = engine.zeros(network.parameters().size());
          Weights weights = new Weights(engine, network.parameters(), values, null);
          Tensor x = golden.tensor(engine, "in.x");
          Tape tape = Tape.inference(engine)) {
        snapshot.read(network, values::write);
        assertArrayEquals(golden.vector("param.", network.parameters()), values.toArray());
        float[] buffers = snapshot.buffers(network);
        assertArrayEquals(golden.buffers("param.", network.buffers()), buffers);
        Denoiser denoiser = new Denoiser(network, snapshot.preconditioning(), weights, buffers);
        Conditioning conditioning =
            new Conditioning(
                golden.rowsOrNull("in.class_labels"), golden.rowsOrNull("in.augment_labels"));
        float[] d = denoiser.evaluate(tape, x, golden.doubles("in.sigma"), conditioning).toArray();
        Goldens.assertClose("D_eval", golden.floats("out.D_eval"), d, OUTPUT_TOLERANCE);
      }
    }
  }

  /** The EMA is that of the snapshot of the same number. */
  @ParameterizedTest
  @MethodSource("states")
  void trainingStatesAreWhole(Path path) throws IOException {
    try (Engine engine = new ReferenceEngine();
        TrainingState state = TrainingState.open(new LocalStore(), path.toString())) {
      Network network = Network.of(state.spec());
      try (TuningVectors vectors = TuningVectors.zeros(engine, network.parameters().size())) {
        state.read(network, vectors);
        Goldens ema =
            Goldens.read(
                path.resolveSibling(
                    path.getFileName()
                        .toString()
                        .replace("training-state", "network-snapshot")
                        .replace(".pt", ".expected.safetensors")));
        assertArrayEquals(ema.vector("param.", network.parameters()), vectors.ema().toArray());
        Progress progress = state.progress(BATCH);
        assertTrue(progress.step() > 0, progress.toString());
        assertEquals(progress.step() * BATCH, progress.images());
        float[] squares = vectors.expAvgSq().toArray();
        double sum = 0;
        for (float square : squares) {
          assertTrue(square >= 0 && Float.isFinite(square), "exp_avg_sq");
          sum += square;
        }
        assertTrue(sum > 0, "exp_avg_sq");
      }
    }
  }

  /** Digests of what PyTorch itself reads from the file, tensor after tensor. */
  @Test
  void momentsAreRestoredBitForBit() throws IOException {
    Path path = Goldens.resource("goldens/training-state-000001.pt");
    try (Engine engine = new ReferenceEngine();
        TrainingState state = TrainingState.open(new LocalStore(), path.toString())) {
      assertEquals(new Progress(1, BATCH), state.progress(BATCH));
      Network network = Network.of(state.spec());
      try (TuningVectors vectors = TuningVectors.zeros(engine, network.parameters().size())) {
        state.read(network, vectors);
        assertEquals(
            "f5b12c268e8c9d6e9383bd9203799be1e30cfc01080872204d9a7514316c5e06",
            digest(vectors.weights()));
        assertEquals(
            "99072b674318e2378da2a1f7a4201ff0679183d7a97d79f7c42c1ff73b16dfba",
            digest(vectors.expAvg()));
        assertEquals(
            "b7a70d2e102667b8cdf3eac518a92f03f8c29b63e291eb6b570ec9e2b6de31cd",
            digest(vectors.expAvgSq()));
      }
    }
  }

  private static String digest(Tensor vector) {
    return Sha256.hex(Sha256.ofFloats(vector.elements(), vector::read));
  }
}

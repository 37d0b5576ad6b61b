package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.EctLoss;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.PowerFunctionEma;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TinyRun;
import dev.ect.model.tuning.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointTest {
  private static final EmaSpec[] FURTHER = {new PowerFunctionEma(0.1), EmaSpec.fixed(0.5)};
  private final Store store = new LocalStore();
  @TempDir private Path folder;

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static NetworkSpec ncsnpp(int augmentDim, int channels) {
    return new NetworkSpec(
        Architecture.NCSNPP,
        8,
        3,
        0,
        augmentDim,
        channels,
        List.of(1, 2),
        2,
        1,
        List.of(4),
        0.1,
        0);
  }

  /** Writes a network with its initial weights. */
  private void write(String path, Network network) throws IOException {
    try (Engine engine = new ReferenceEngine();
        Tensor weights = engine.create(network.initialParameters(3), network.parameters().size())) {
      NetworkSnapshot.write(
          store,
          path,
          network,
          Preconditioning.EDM,
          weights::read,
          network.initialBuffers(3),
          Map.of("note", "as written"));
    }
  }

  @Test
  void snapshotGivesBackWhatWasWritten() throws IOException {
    Network network = Network.of(ncsnpp(9, 8));
    write(file("snapshot.safetensors"), network);
    try (Engine engine = new ReferenceEngine();
        Tensor weights = engine.zeros(network.parameters().size());
        NetworkSnapshot snapshot = NetworkSnapshot.open(store, file("snapshot.safetensors"))) {
      assertEquals(network.spec(), snapshot.spec());
      assertEquals(Preconditioning.EDM, snapshot.preconditioning());
      assertEquals("as written", snapshot.metadata().get("note"));
      snapshot.read(network, weights::write);
      assertArrayEquals(network.initialParameters(3), weights.toArray());
      assertArrayEquals(network.initialBuffers(3), snapshot.buffers(network));
    }
  }

  @Test
  void transferLeavesTheAugmentationEmbeddingAside() throws IOException {
    write(file("edm.safetensors"), Network.of(ncsnpp(9, 8)));
    Network tuned = Network.of(ncsnpp(0, 8));
    try (Engine engine = new ReferenceEngine();
        Tensor weights = engine.zeros(tuned.parameters().size());
        NetworkSnapshot snapshot = NetworkSnapshot.open(store, file("edm.safetensors"))) {
      assertEquals(List.of("model.map_augment.weight"), snapshot.transfer(tuned, weights));
      assertThrows(BadFileException.class, () -> snapshot.read(tuned, weights::write));
    }
  }

  @Test
  void everyTensorThatDoesNotFitIsNamedAtOnce() throws IOException {
    write(file("other.safetensors"), Network.of(ncsnpp(9, 8)));
    Network wider = Network.of(ncsnpp(0, 12));
    try (Engine engine = new ReferenceEngine();
        Tensor weights = engine.zeros(wider.parameters().size());
        NetworkSnapshot snapshot = NetworkSnapshot.open(store, file("other.safetensors"))) {
      String message =
          assertThrows(BadFileException.class, () -> snapshot.read(wider, weights::write))
              .getMessage();
      assertTrue(message.startsWith(file("other.safetensors")), message);
      assertTrue(message.contains("unexpected model.map_augment.weight"), message);
      assertTrue(
          message.contains(
              "model.enc.8x8_conv.weight has shape [8, 3, 3, 3], expected [12, 3, 3, 3]"),
          message);
      assertTrue(message.contains("model.map_noise.freqs"), message);
      assertTrue(message.indexOf('\n') < 0, message);
    }
  }

  @Test
  void oneKindIsNotTakenForTheOther() throws IOException {
    write(file("snapshot.safetensors"), Network.of(ncsnpp(0, 8)));
    BadFileException e =
        assertThrows(
            BadFileException.class, () -> TrainingState.open(store, file("snapshot.safetensors")));
    assertTrue(
        e.getMessage().contains("holds a network-snapshot; expected a training-state"),
        e.getMessage());
  }

  @Test
  void absentOrEmptyNumbersInMetadataAreRefused() throws IOException {
    String path = file("damaged.safetensors");
    for (String damaged :
        List.of("{}", "{\"sigmaData\":null,\"sigmaMin\":0}", "{\"sigmaMin\":0.002}")) {
      new SafetensorsWriter()
          .metadata(Checkpoint.KIND, CheckpointKind.NETWORK_SNAPSHOT.id())
          .metadata(Checkpoint.NETWORK, ncsnpp(0, 8).toJson())
          .metadata(Checkpoint.PRECONDITIONING, damaged)
          .write(store, path);
      String message =
          assertThrows(BadFileException.class, () -> NetworkSnapshot.open(store, path))
              .getMessage();
      assertTrue(
          message.startsWith(path + ": metadata preconditioning is " + damaged + ": "), message);
      assertTrue(message.contains("sigmaData"), message);
    }
  }

  @Test
  void resumedRunEqualsTheUninterruptedOne() throws IOException {
    Network network = TinyRun.network(0.2);
    EctLoss loss = EctLoss.DEFAULT;
    try (Engine engine = new ReferenceEngine();
        Tuner whole = TinyRun.tuner(engine, network, FURTHER);
        Tuner first = TinyRun.tuner(engine, network, FURTHER);
        Tuner second = TinyRun.tuner(engine, network, FURTHER)) {
      steps(whole, loss, 0, 8);
      steps(first, loss, 0, 5);
      TrainingState.write(
          store,
          file("state.safetensors"),
          network,
          Preconditioning.ECM,
          StateVectors.of(first.vectors()),
          first.denoiser().buffers(),
          first.progress(),
          Map.of());
      try (TrainingState state = TrainingState.open(store, file("state.safetensors"))) {
        assertEquals(new Progress(5, 20), state.progress(0));
        assertEquals(Set.of("beta=0.5", "sigma-rel=0.1"), state.emas());
        state.read(network, second.vectors());
        second.resume(state.progress(0));
      }
      steps(second, loss, 5, 8);
      // The state holds float32 and the reference computes in float64: equal to what that rounding
      // leaves.
      assertArrayEquals(
          whole.vectors().weights().toArray(), second.vectors().weights().toArray(), 1e-6f);
      assertArrayEquals(whole.vectors().ema().toArray(), second.vectors().ema().toArray(), 1e-6f);
      for (EmaSpec each : FURTHER) {
        assertArrayEquals(
            whole.vectors().emas().get(each).toArray(),
            second.vectors().emas().get(each).toArray(),
            1e-6f);
      }
      assertEquals(whole.progress(), second.progress());
    }
  }

  @Test
  void aStateWithOtherFurtherAveragesIsRefusedInALine() throws IOException {
    Network network = TinyRun.network(0);
    String path = file("state.safetensors");
    try (Engine engine = new ReferenceEngine();
        Tuner without = TinyRun.tuner(engine, network);
        Tuner with = TinyRun.tuner(engine, network, FURTHER)) {
      for (Tuner[] pair : new Tuner[][] {{without, with}, {with, without}}) {
        TrainingState.write(
            store,
            path,
            network,
            Preconditioning.ECM,
            StateVectors.of(pair[0].vectors()),
            new float[0],
            Progress.START,
            Map.of());
        try (TrainingState state = TrainingState.open(store, path)) {
          String both = "[beta=0.5, sigma-rel=0.1]";
          assertEquals(
              path
                  + ": holds the further moving averages "
                  + (pair[0] == with ? both + "; expected []" : "[]; expected " + both),
              assertThrows(BadFileException.class, () -> state.read(network, pair[1].vectors()))
                  .getMessage());
          assertEquals(0, state.buffers(network).length);
          state.read(network, pair[0].vectors());
        }
      }
    }
  }

  private static void steps(Tuner tuner, EctLoss loss, int from, int to) {
    for (int step = from; step < to; step++) {
      tuner.gradient(loss, TinyRun.batch(4, step), 4, 4);
      tuner.update(4);
    }
  }

  @Test
  void failedWriteLeavesTheOlderFileAlone() throws IOException {
    Network network = Network.of(ncsnpp(0, 8));
    String path = file("snapshot.safetensors");
    write(path, network);
    byte[] before = Files.readAllBytes(Path.of(path));
    try (Engine engine = new ReferenceEngine()) {
      Tensor closed = engine.zeros(network.parameters().size());
      closed.close();
      assertThrows(
          IllegalStateException.class,
          () ->
              NetworkSnapshot.write(
                  store,
                  path,
                  network,
                  Preconditioning.ECM,
                  closed::read,
                  network.initialBuffers(3),
                  Map.of()));
    }
    assertArrayEquals(before, Files.readAllBytes(Path.of(path)));
    try (var files = Files.list(folder)) {
      assertEquals(1, files.count(), "files left in the folder");
    }
  }
}

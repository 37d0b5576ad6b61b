package dev.ect.spark.cli;

import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.Store;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Weights;
import java.io.IOException;

/** A network snapshot on an engine. Borrows the engine. */
final class LoadedNetwork implements AutoCloseable {
  private final Tensor values;
  private final Weights weights;
  private final Denoiser denoiser;

  private LoadedNetwork(Tensor values, Weights weights, Denoiser denoiser) {
    this.values = values;
    this.weights = weights;
    this.denoiser = denoiser;
  }

  /** Reads a snapshot. */
  static LoadedNetwork open(Store store, String path, Engine engine) throws IOException {
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, path)) {
      Network network = Network.of(snapshot.spec());
      Tensor values = engine.zeros(network.parameters().size());
      try {
        snapshot.read(network, values);
        Weights weights = new Weights(engine, network.parameters(), values, null);
        return new LoadedNetwork(
            values,
            weights,
            new Denoiser(network, snapshot.preconditioning(), weights, snapshot.buffers(network)));
      } catch (IOException | RuntimeException | Error e) {
        values.close();
        throw e;
      }
    }
  }

  Denoiser denoiser() {
    return denoiser;
  }

  NetworkSpec spec() {
    return denoiser.network().spec();
  }

  @Override
  public void close() {
    weights.close();
    values.close();
  }
}

package dev.ect.spark.evaluation;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.Store;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Weights;
import java.io.IOException;

/** A network on an engine, to be evaluated. Borrows the engine. */
public final class LoadedNetwork implements AutoCloseable {
  private final Tensor values;
  private final Weights weights;
  private final Denoiser denoiser;

  private LoadedNetwork(Tensor values, Weights weights, Denoiser denoiser) {
    this.values = values;
    this.weights = weights;
    this.denoiser = denoiser;
  }

  /** Reads a snapshot. */
  public static LoadedNetwork open(Store store, String path, Engine engine) throws IOException {
    return of(NetworkCopy.read(store, path), engine);
  }

  /** Brings a network's weights to an engine. */
  static LoadedNetwork of(NetworkCopy copy, Engine engine) {
    Network network = Network.of(copy.spec());
    Tensor values = engine.zeros(network.parameters().size());
    try {
      copy.writeTo(values);
      Weights weights = new Weights(engine, network.parameters(), values, null);
      return new LoadedNetwork(
          values, weights, new Denoiser(network, copy.preconditioning(), weights, copy.buffers()));
    } catch (RuntimeException | Error e) {
      values.close();
      throw e;
    }
  }

  public Denoiser denoiser() {
    return denoiser;
  }

  public NetworkSpec spec() {
    return denoiser.network().spec();
  }

  @Override
  public void close() {
    weights.close();
    values.close();
  }
}

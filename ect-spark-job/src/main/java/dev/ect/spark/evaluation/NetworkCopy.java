package dev.ect.spark.evaluation;

import dev.ect.model.checkpoint.FloatPieces;
import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import java.io.IOException;
import java.io.Serializable;

/** A network snapshot in memory, to be broadcast: 4 bytes per parameter on the heap. */
final class NetworkCopy implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String specJson;
  private final double sigmaData;
  private final double sigmaMin;
  private final float[] buffers;
  private final FloatPieces parameters;

  private NetworkCopy(
      NetworkSpec spec, Preconditioning preconditioning, float[] buffers, FloatPieces parameters) {
    specJson = spec.toJson();
    sigmaData = preconditioning.sigmaData();
    sigmaMin = preconditioning.sigmaMin();
    this.buffers = buffers;
    this.parameters = parameters;
  }

  /** Reads a snapshot. */
  static NetworkCopy read(Store store, String path) throws IOException {
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, path)) {
      Network network = Network.of(snapshot.spec());
      FloatPieces parameters = new FloatPieces(network.parameters().size());
      snapshot.read(network, parameters);
      return new NetworkCopy(
          snapshot.spec(), snapshot.preconditioning(), snapshot.buffers(network), parameters);
    }
  }

  NetworkSpec spec() {
    return NetworkSpec.fromJson(specJson);
  }

  Preconditioning preconditioning() {
    return new Preconditioning(sigmaData, sigmaMin);
  }

  float[] buffers() {
    return buffers.clone();
  }

  /**
   * Fills a flat vector.
   *
   * @param vector of the parameters of {@code Network.of(spec())}
   */
  void writeTo(Tensor vector) {
    parameters.eachPiece(vector::write);
  }

  /**
   * SHA-256 of the parameters as float32, little-endian, in the order of the layout: 64 hexadecimal
   * digits. It does not depend on what else the file says.
   */
  String digest() {
    return Sha256.hex(Sha256.ofFloats(parameters.size(), parameters::read));
  }
}

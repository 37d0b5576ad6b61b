package dev.ect.spark.evaluation;

import dev.ect.model.checkpoint.FloatPieces;
import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.spark.report.Provenance;
import java.io.IOException;
import java.io.Serializable;

/** A network snapshot in memory, to be broadcast: 4 bytes per parameter on the heap. */
final class NetworkCopy implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String specJson;
  private final Preconditioning preconditioning;
  private final String provenance;
  private final float[] buffers;
  private final FloatPieces parameters;

  private NetworkCopy(
      NetworkSpec spec,
      Preconditioning preconditioning,
      String provenance,
      float[] buffers,
      FloatPieces parameters) {
    specJson = spec.toJson();
    this.preconditioning = preconditioning;
    this.provenance = provenance;
    this.buffers = buffers;
    this.parameters = parameters;
  }

  /** Reads a snapshot. */
  static NetworkCopy read(Store store, String path) throws IOException {
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, path)) {
      Network network = snapshot.network();
      FloatPieces parameters = new FloatPieces(network.parameters().size());
      snapshot.read(network, parameters);
      return new NetworkCopy(
          snapshot.spec(),
          snapshot.preconditioning(),
          snapshot.metadata().getOrDefault(Provenance.KEY, ""),
          snapshot.buffers(network),
          parameters);
    }
  }

  NetworkSpec spec() {
    return NetworkSpec.fromJson(specJson);
  }

  Preconditioning preconditioning() {
    return preconditioning;
  }

  /** What the file says it is made of, as JSON; empty where it does not. */
  String provenance() {
    return provenance;
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

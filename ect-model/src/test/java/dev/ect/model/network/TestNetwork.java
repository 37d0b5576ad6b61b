package dev.ect.model.network;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.List;

/** A network with weights that leave nothing out: every parameter is far from zero. */
final class TestNetwork implements AutoCloseable {
  final Engine engine;
  final Network network;
  final Tensor values;
  final Tensor gradients;
  final Weights weights;
  final Denoiser denoiser;

  TestNetwork(Engine engine, NetworkSpec spec) {
    this.engine = engine;
    this.network = Network.of(spec);
    ParameterLayout layout = network.parameters();
    this.values = engine.create(gaussians(1, Math.toIntExact(layout.size()), 0.2), layout.size());
    this.gradients = engine.zeros(layout.size());
    this.weights = new Weights(engine, layout, values, gradients);
    this.denoiser = new Denoiser(network, Preconditioning.ECM, weights, network.initialBuffers(1));
  }

  /** A network of two levels with few channels. */
  static NetworkSpec tiny(
      Architecture arch, int channels, int labelDim, int augmentDim, double dropout) {
    return new NetworkSpec(
        arch, 8, channels, labelDim, augmentDim, 8, List.of(1, 2), 2, 1, List.of(8), dropout, 0);
  }

  static float[] gaussians(long seed, int count, double deviation) {
    float[] values = new Philox(seed, Purpose.SUBSET, 0, 0).gaussians(count);
    for (int i = 0; i < count; i++) {
      values[i] *= (float) deviation;
    }
    return values;
  }

  Tensor images(int count) {
    NetworkSpec spec = network.spec();
    float[] pixels = gaussians(2, count * spec.imageSize(), 1);
    return engine.create(
        pixels, count, spec.imgChannels(), spec.imgResolution(), spec.imgResolution());
  }

  static double[] sigmas(int count) {
    double[] sigma = new double[count];
    for (int n = 0; n < count; n++) {
      sigma[n] = 0.3 + 0.9 * n;
    }
    return sigma;
  }

  /** D by the training formulas of {@link #images}. */
  float[] denoise(int count, Conditioning conditioning, Dropout dropout) {
    try (Tensor x = images(count);
        Tape tape = Tape.inference(engine)) {
      return denoiser.train(tape, x, sigmas(count), conditioning, dropout).toArray();
    }
  }

  @Override
  public void close() {
    weights.close();
    values.close();
    gradients.close();
  }
}

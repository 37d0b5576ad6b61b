package dev.ect.model.tuning;

import dev.ect.model.engine.Engine;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.LongStream;

/** A training run small enough for plain Java: 8x8 grey images, two classes. */
public final class TinyRun {
  /** Seed of everything random in it. */
  public static final long SEED = 11;

  private TinyRun() {}

  /** The network, with dropout. */
  public static Network network(double dropout) {
    return Network.of(
        new NetworkSpec(
            Architecture.DDPMPP, 8, 1, 2, 0, 8, List.of(1, 1), 2, 1, List.of(4), dropout, 0));
  }

  /**
   * A replica at the start of a run. The caller closes it.
   *
   * @param emas further moving averages
   */
  public static Tuner tuner(Engine engine, Network network, EmaSpec... emas) {
    Tuner tuner =
        new Tuner(
            engine,
            network,
            Preconditioning.ECM,
            network.initialBuffers(SEED),
            OptimizerSpec.of(OptimizerSpec.Kind.RADAM, 1e-3),
            EmaSpec.fixed(0.9),
            List.of(emas),
            SEED);
    tuner.vectors().weights().write(0, FloatBuffer.wrap(network.initialParameters(SEED)));
    tuner.begin();
    return tuner;
  }

  /** The images of one step, with the run's own draws. */
  public static Batch batch(int size, long step) {
    float[] images = new Philox(SEED, Purpose.SYNTHESIS, step, 0).gaussians(size * 64);
    float[][] labels = new float[size][2];
    for (int i = 0; i < size; i++) {
      images[i] *= 0.5f;
      labels[i][i % 2] = 1;
    }
    long[] positions = LongStream.range(0, size).toArray();
    return Batch.draw(images, new Conditioning(labels, null), positions, SEED, step);
  }
}

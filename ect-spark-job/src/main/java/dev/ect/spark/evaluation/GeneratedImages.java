package dev.ect.spark.evaluation;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.engine.Engine;
import dev.ect.spark.config.EngineConfig;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;

/**
 * Generated images, in bytes as metrics take them, a variant per sampler. Image i is a function of
 * seed and number, the sampler, the label, and the last bits of the engine.
 *
 * @param network the weights
 * @param labels which the images have
 * @param midTs samplers: the intermediate times of each
 * @param seed of the whole set
 * @param engine what computes
 * @param shape of every image
 * @param grids whether as many variants follow, of bytes as image grids take them
 */
record GeneratedImages(
    Broadcast<NetworkCopy> network,
    Broadcast<SampleLabels> labels,
    List<List<Double>> midTs,
    long seed,
    EngineConfig engine,
    ImageShape shape,
    boolean grids)
    implements ImageSource {
  private static final long serialVersionUID = 1L;

  /** The same with other samplers. */
  GeneratedImages with(List<List<Double>> samplers) {
    return new GeneratedImages(network, labels, samplers, seed, engine, shape, grids);
  }

  @Override
  public Open open(TaskDevice device) {
    return new Sampling(this, device.open(engine));
  }

  private static final class Sampling implements Open {
    private final GeneratedImages plan;
    private final Engine engine;
    private final LoadedNetwork network;

    Sampling(GeneratedImages plan, Engine engine) {
      this.plan = plan;
      this.engine = engine;
      try {
        network = LoadedNetwork.of(plan.network.value(), engine);
      } catch (RuntimeException | Error e) {
        engine.close();
        throw e;
      }
    }

    @Override
    public byte[][][] read(ImageRange batch) {
      long[] numbers = batch.numbers();
      float[][] labels = plan.labels.value().labels(plan.seed, numbers);
      float[][][] images =
          Generator.batch(network.denoiser(), plan.midTs, plan.seed, numbers, labels);
      int samplers = images.length;
      byte[][][] bytes = new byte[plan.grids ? 2 * samplers : samplers][numbers.length][];
      for (int variant = 0; variant < bytes.length; variant++) {
        for (int i = 0; i < numbers.length; i++) {
          float[] image = images[variant % samplers][i];
          bytes[variant][i] =
              variant < samplers ? Pixels.toMetricBytes(image) : Pixels.toGridBytes(image);
        }
      }
      return bytes;
    }

    @Override
    public void close() {
      try (engine) {
        network.close();
      }
    }
  }
}

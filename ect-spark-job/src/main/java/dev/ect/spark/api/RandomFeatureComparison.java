package dev.ect.spark.api;

import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDataset;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Engines;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.RandomFeatureDistance;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.Generator;
import dev.ect.spark.evaluation.LoadedNetwork;
import java.io.IOException;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Compares generated images with real ones by {@link RandomFeatureDistance}, which needs no
 * detector network. <b>It is not FID</b>: its numbers can be compared with each other only, for the
 * same real images. Computes in this JVM; not safe for use by several threads.
 */
public final class RandomFeatureComparison implements AutoCloseable {
  private static final int MOST = 500;

  private final Store store;
  private final Engine engine;
  private final ImageShape shape;
  private final String data;
  private final float[][] real;
  private final float[][] labels;
  private final long[] numbers;
  private final RandomFeatureDistance distance;

  /**
   * Images of one network.
   *
   * @param images {@code [N][C*H*W]}, about [-1, 1], with the labels of the real ones
   * @param distance from the real ones
   */
  public record Compared(float[][] images, double distance) {}

  private RandomFeatureComparison(Store store, Engine engine, String data, EdmDataset dataset)
      throws IOException {
    this.store = store;
    this.engine = engine;
    this.data = data;
    int count = Math.min(MOST, dataset.size());
    shape = dataset.shape();
    numbers = LongStream.range(0, count).toArray();
    labels = new float[count][];
    real = new float[count][];
    for (int i = 0; i < count; i++) {
      labels[i] = dataset.label(i);
      real[i] = new float[shape.size()];
      Pixels.toFloats(dataset.image(i), 0, real[i], 0, real[i].length);
    }
    distance =
        new RandomFeatureDistance(flat(real), shape.channels(), shape.height(), shape.width());
  }

  /**
   * Computes the features of the first 500 real images.
   *
   * @param data an EDM dataset
   * @throws UserError if they are not comparable, saying why
   */
  public static RandomFeatureComparison open(Store store, String data, EngineConfig config)
      throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    Engine engine = Engines.open(config.name(), config.options(cores));
    try (EdmDataset dataset = EdmDataset.open(store, data, DatasetOptions.ALL)) {
      return new RandomFeatureComparison(store, engine, data, dataset);
    } catch (IllegalArgumentException e) {
      engine.close();
      throw new UserError(data + ": " + e.getMessage() + " (data.path)");
    } catch (IOException | RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  /**
   * Generates as many images as there are real ones, with their labels.
   *
   * @param network snapshot
   * @param midT intermediate times; empty for one step
   * @param seed of the images
   * @throws UserError if the network makes other images than the dataset's
   */
  public Compared compare(String network, List<Double> midT, long seed) throws IOException {
    try (LoadedNetwork loaded = LoadedNetwork.open(store, network, engine)) {
      ImageShape made =
          ImageShape.square(loaded.spec().imgChannels(), loaded.spec().imgResolution());
      int labelDim = loaded.spec().labelDim();
      if (!made.equals(shape)) {
        throw new UserError(
            network + ": makes images of " + made + "; expected " + shape + " as in " + data);
      }
      if (labelDim > 0 && labelDim != labels[0].length) {
        throw new UserError(
            network
                + ": takes labels of width "
                + labelDim
                + "; expected "
                + labels[0].length
                + " as in "
                + data);
      }
      float[][] images =
          Generator.generate(loaded.denoiser(), midT, seed, numbers, labelDim == 0 ? null : labels);
      return new Compared(images, distance.of(flat(images)));
    }
  }

  /** The real images, {@code [N][C*H*W]} in [-1, 1]. */
  public float[][] real() {
    return real;
  }

  public ImageShape shape() {
    return shape;
  }

  private static float[] flat(float[][] images) {
    int size = images[0].length;
    float[] all = new float[images.length * size];
    for (int i = 0; i < images.length; i++) {
      System.arraycopy(images[i], 0, all, i * size, size);
    }
    return all;
  }

  @Override
  public void close() {
    engine.close();
  }
}

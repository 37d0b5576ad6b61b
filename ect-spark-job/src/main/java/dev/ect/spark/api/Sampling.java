package dev.ect.spark.api;

import java.util.Arrays;
import java.util.List;

/**
 * What to generate. Image number i follows from the seed and i alone, whatever else is generated.
 * Immutable: each call returns another one.
 *
 * @param network snapshot, of this project or of PyTorch
 * @param num images, numbered from 0; null for 64, or those of {@code seeds}
 * @param seeds numbers of the images, such as {@code 0-63} or {@code 1,2,5-10}; null for none
 * @param seed of the whole set
 * @param midT intermediate times, such as 0.821; empty for one step
 * @param classes that the images have in turn; empty: as often as in the dataset of the
 *     configuration, else at random
 * @param grid a PNG of all images to write; empty for none
 * @param dataset an EDM dataset to write, a {@code .zip} or else a folder; empty for none
 */
public record Sampling(
    String network,
    Integer num,
    String seeds,
    long seed,
    List<Double> midT,
    List<Integer> classes,
    String grid,
    String dataset) {
  private static final int NUM = 64;

  /** 64 images in one step. */
  public static Sampling of(String network) {
    return new Sampling(network, null, null, 0, List.of(), List.of(), "", "");
  }

  /** So many images, numbered from 0. */
  public Sampling num(int count) {
    return new Sampling(network, count, seeds, seed, midT, classes, grid, dataset);
  }

  /** The images of these numbers, such as {@code 0-63} or {@code 1,2,5-10}. */
  public Sampling seeds(String numbers) {
    return new Sampling(network, num, numbers, seed, midT, classes, grid, dataset);
  }

  /** Another set. */
  public Sampling seed(long set) {
    return new Sampling(network, num, seeds, set, midT, classes, grid, dataset);
  }

  /** In several steps. */
  public Sampling midT(double... times) {
    List<Double> all = Arrays.stream(times).boxed().toList();
    return new Sampling(network, num, seeds, seed, all, classes, grid, dataset);
  }

  /** With these classes in turn: image i has the i-th. */
  public Sampling classes(int... inTurn) {
    List<Integer> all = Arrays.stream(inTurn).boxed().toList();
    return new Sampling(network, num, seeds, seed, midT, all, grid, dataset);
  }

  /** Writes all images as one PNG. */
  public Sampling grid(String png) {
    return new Sampling(network, num, seeds, seed, midT, classes, png, dataset);
  }

  /** Writes an EDM dataset. */
  public Sampling dataset(String path) {
    return new Sampling(network, num, seeds, seed, midT, classes, grid, path);
  }

  /** Images where {@code seeds} says nothing. */
  int count() {
    return num == null ? NUM : num;
  }
}

package dev.ect.model.metrics;

import java.io.Serializable;

/**
 * The Inception score of generated images (Salimans et al., "Improved Techniques for Training
 * GANs", 2016): {@code exp(E KL(p(y|x) || p(y)))} of a classifier's class probabilities, over
 * contiguous parts of the images, each with its own p(y).
 *
 * <p>Only sums per part are held; scores of some of the images merge into that of all of them. Not
 * safe for use by several threads.
 */
public final class InceptionScore implements Serializable {
  private static final long serialVersionUID = 1;

  /** How far the probabilities of an image may be from summing to 1. */
  private static final double SUM_TOLERANCE = 1e-2;

  /**
   * @param mean over the parts; 1 at the least, the number of classes at the most
   * @param deviation over the parts, the population's
   */
  public record Result(double mean, double deviation) {}

  private final long images;
  private final long[] counts;

  /** Per part the sum over its images of {@code sum_y p(y|x) log p(y|x)}. */
  private final double[] negentropies;

  /** Per part [classes] the sum over its images of p(y|x). */
  private final double[][] sums;

  /**
   * @param images number of images in the set, at least one per part
   * @param splits number of parts, usually 10: part i holds the images from {@code i images /
   *     splits} on
   */
  public InceptionScore(long images, int splits) {
    if (splits < 1 || images < splits || images > Long.MAX_VALUE / splits) {
      throw new IllegalArgumentException(
          images
              + " images in "
              + splits
              + " parts; expected at least one part and one image each");
    }
    this.images = images;
    counts = new long[splits];
    negentropies = new double[splits];
    sums = new double[splits][0];
  }

  /**
   * Adds images.
   *
   * @param firstImage index of the first within the set, from 0
   * @param probabilities [count, classes]
   * @throws IllegalArgumentException if the images are not of the set, the classes are others than
   *     before, or an image's probabilities are negative or do not sum to 1; nothing has been added
   *     then
   */
  public InceptionScore add(long firstImage, float[] probabilities, int count) {
    if (count == 0 && probabilities.length == 0) {
      return this;
    }
    if (count < 1 || probabilities.length == 0 || probabilities.length % count != 0) {
      throw new IllegalArgumentException(
          probabilities.length + " probabilities do not make " + count + " images");
    }
    if (firstImage < 0 || firstImage > images - count) {
      throw new IllegalArgumentException(
          count + " images from " + firstImage + " on; expected some of " + images);
    }
    int classes = probabilities.length / count;
    int known = classes();
    if (known != 0 && known != classes) {
      throw new IllegalArgumentException(classes + " classes; expected " + known + " as before");
    }
    for (int i = 0; i < count; i++) {
      requireProbabilities(firstImage + i, probabilities, i * classes, classes);
    }
    for (int i = 0; i < count; i++) {
      int part = part(firstImage + i);
      if (sums[part].length == 0) {
        sums[part] = new double[classes];
      }
      for (int c = 0; c < classes; c++) {
        double p = probabilities[i * classes + c];
        sums[part][c] += p;
        negentropies[part] += p > 0 ? p * Math.log(p) : 0;
      }
      counts[part]++;
    }
    return this;
  }

  /**
   * Adds the other's images to these; the other stays as it is.
   *
   * @throws IllegalArgumentException if it is of another set, or has other classes
   */
  public InceptionScore merge(InceptionScore other) {
    if (other.images != images || other.counts.length != counts.length) {
      throw new IllegalArgumentException(
          "score of "
              + other.images
              + " images in "
              + other.counts.length
              + " parts; expected "
              + images
              + " in "
              + counts.length);
    }
    int known = classes();
    int added = other.classes();
    if (known != 0 && added != 0 && known != added) {
      throw new IllegalArgumentException(added + " classes; expected " + known + " as before");
    }
    for (int part = 0; part < counts.length; part++) {
      counts[part] += other.counts[part];
      negentropies[part] += other.negentropies[part];
      if (sums[part].length == 0) {
        sums[part] = other.sums[part].clone();
      } else {
        for (int c = 0; c < other.sums[part].length; c++) {
          sums[part][c] += other.sums[part][c];
        }
      }
    }
    return this;
  }

  /**
   * The score.
   *
   * @throws IllegalStateException if not every image has been added, once
   */
  public Result result() {
    int parts = counts.length;
    double[] scores = new double[parts];
    double mean = 0;
    for (int part = 0; part < parts; part++) {
      long expected = start(part + 1) - start(part);
      if (counts[part] != expected) {
        throw new IllegalStateException(
            "part " + part + " has " + counts[part] + " images; expected " + expected);
      }
      double divergence = negentropies[part] / expected;
      for (double sum : sums[part]) {
        double p = sum / expected;
        divergence -= p > 0 ? p * Math.log(p) : 0;
      }
      scores[part] = Math.exp(divergence);
      mean += scores[part] / parts;
    }
    double variance = 0;
    for (double score : scores) {
      variance += (score - mean) * (score - mean) / parts;
    }
    return new Result(mean, Math.sqrt(variance));
  }

  private static void requireProbabilities(long image, float[] values, int from, int classes) {
    double sum = 0;
    for (int c = from; c < from + classes; c++) {
      if (!(values[c] >= 0)) {
        throw new IllegalArgumentException(
            "image " + image + " has the probability " + values[c] + "; expected 0 to 1");
      }
      sum += values[c];
    }
    if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
      throw new IllegalArgumentException(
          "the probabilities of image " + image + " sum to " + sum + "; expected 1");
    }
  }

  /** Number of classes; 0 while there is no image. */
  private int classes() {
    for (double[] sum : sums) {
      if (sum.length > 0) {
        return sum.length;
      }
    }
    return 0;
  }

  private long start(int part) {
    return part * images / counts.length;
  }

  private int part(long image) {
    int part = (int) (image * counts.length / images);
    while (image >= start(part + 1)) {
      part++;
    }
    while (image < start(part)) {
      part--;
    }
    return part;
  }
}

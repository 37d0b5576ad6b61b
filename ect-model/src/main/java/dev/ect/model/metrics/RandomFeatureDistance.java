package dev.ect.model.metrics;

/**
 * A cheap distance of generated images from real ones, for a demonstration that shall not download
 * anything: the energy distance between features from fixed random convolutions.
 *
 * <p><b>This is not FID</b>, nor an estimate of it, and its values can be compared with nothing but
 * values of this class for the same real images. It tells noise, blur, wrong colours and a lack of
 * variety from the data; it knows nothing of what the images show.
 *
 * <p>Each feature is divided by its standard deviation over the real images. Then {@code distance =
 * 2 E|g - r| - E|g - g'| - E|r - r'|} over generated g and real r (Székely and Rizzo, "Energy
 * statistics: a class of statistics based on distances", 2013), where |.| is the root mean square
 * over the features and no image is paired with itself. Two sets of the same kind so give 0 on
 * average, however few the images, and often a little less than 0; 256 against 256 images of 32x32
 * stayed within 0.01. A Frechet distance was measured too and is worse here: at a few hundred
 * images the noise of its covariances outweighs a slight blur.
 */
public final class RandomFeatureDistance {
  /** Part of the mean variance added to every feature's, so that a constant one does not rule. */
  private static final double VARIANCE_FLOOR = 0.1;

  private static final int LEAST_SIZE = 8;

  private final int channels;
  private final int height;
  private final int width;
  private final RandomFeatures network;
  private final double[][] real;
  private final double[] weights;
  private final double realSpread;

  /**
   * Computes the features of the real images, once for all comparisons.
   *
   * @param real [N,channels,height,width] in [-1, 1]; N at least 2
   * @param channels 1 (grey) or 3 (RGB)
   * @param height at least 8
   * @param width at least 8
   * @throws IllegalArgumentException if the array does not hold at least two such images, or holds
   *     a value that is not finite
   */
  public RandomFeatureDistance(float[] real, int channels, int height, int width) {
    if ((channels != 1 && channels != 3) || height < LEAST_SIZE || width < LEAST_SIZE) {
      throw new IllegalArgumentException(
          "images of "
              + channels
              + " channels, "
              + height
              + "x"
              + width
              + "; the random feature distance takes 1 or 3 channels and at least "
              + LEAST_SIZE
              + "x"
              + LEAST_SIZE
              + " pixels");
    }
    this.channels = channels;
    this.height = height;
    this.width = width;
    network = new RandomFeatures(channels, height, width);
    this.real = features(real, "real");
    weights = weights(this.real);
    realSpread = meanWithin(this.real);
  }

  /**
   * Distance of generated images from the real ones.
   *
   * @param generated [N,channels,height,width]; N at least 2; values are clamped to [-1, 1]
   * @return about 0 for images that cannot be told from the real ones; no upper bound
   * @throws IllegalArgumentException if the array does not hold at least two such images, or holds
   *     a value that is not finite
   */
  public double of(float[] generated) {
    double[][] features = features(generated, "generated");
    double across = 0;
    for (double[] g : features) {
      for (double[] r : real) {
        across += distance(g, r);
      }
    }
    across /= (double) features.length * real.length;
    return 2 * across - meanWithin(features) - realSpread;
  }

  private double[][] features(float[] images, String kind) {
    int size = channels * height * width;
    if (images.length % size != 0 || images.length / size < 2) {
      throw new IllegalArgumentException(
          images.length
              + " values of "
              + kind
              + " images; expected [N,"
              + channels
              + ","
              + height
              + ","
              + width
              + "] with N at least 2");
    }
    for (int i = 0; i < images.length; i++) {
      if (!Float.isFinite(images[i])) {
        throw new IllegalArgumentException(
            kind + " image " + i / size + " has the value " + images[i] + "; expected finite ones");
      }
    }
    double[][] features = new double[images.length / size][];
    for (int i = 0; i < features.length; i++) {
      features[i] = network.of(images, i * size);
    }
    return features;
  }

  /** Per feature the inverse of its variance, over the number of features. */
  private static double[] weights(double[][] real) {
    int count = real[0].length;
    double[] variances = new double[count];
    double total = 0;
    for (int j = 0; j < count; j++) {
      double mean = 0;
      for (double[] features : real) {
        mean += features[j] / real.length;
      }
      for (double[] features : real) {
        variances[j] += (features[j] - mean) * (features[j] - mean) / real.length;
      }
      total += variances[j];
    }
    double floor = total > 0 ? VARIANCE_FLOOR * total / count : 1;
    double[] weights = new double[count];
    for (int j = 0; j < count; j++) {
      weights[j] = 1 / (count * (variances[j] + floor));
    }
    return weights;
  }

  private double meanWithin(double[][] features) {
    double sum = 0;
    for (int i = 1; i < features.length; i++) {
      for (int j = 0; j < i; j++) {
        sum += distance(features[i], features[j]);
      }
    }
    return 2 * sum / ((double) features.length * (features.length - 1));
  }

  private double distance(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < weights.length; j++) {
      double difference = a[j] - b[j];
      sum += weights[j] * difference * difference;
    }
    return Math.sqrt(sum);
  }
}

package dev.ect.spark.evaluation;

import java.util.SplittableRandom;
import org.apache.spark.api.java.function.Function;

/**
 * Features of no image, for benchmarks: correlated, not negative, as those of a detector are. A row
 * is a function of the seed and its place.
 *
 * @param width features of a row
 * @param shift that tells sets apart
 */
record SyntheticFeatures(long seed, int width, double shift)
    implements Function<ImageRange, FeatureChunk> {
  private static final long serialVersionUID = 1L;
  private static final int FACTORS = 64;

  @Override
  public FeatureChunk call(ImageRange batch) {
    float[] rows = new float[batch.count() * width];
    double[] factors = new double[FACTORS];
    for (int i = 0; i < batch.count(); i++) {
      SplittableRandom random = new SplittableRandom(seed + batch.first() + i);
      for (int factor = 0; factor < FACTORS; factor++) {
        factors[factor] = random.nextDouble();
      }
      for (int j = 0; j < width; j++) {
        double common = factors[j % FACTORS] * factors[(7 * j + 3) % FACTORS];
        rows[i * width + j] = (float) (common + 0.5 * random.nextDouble() + shift);
      }
    }
    return new FeatureChunk(batch.first(), batch.count(), new float[][] {rows});
  }
}

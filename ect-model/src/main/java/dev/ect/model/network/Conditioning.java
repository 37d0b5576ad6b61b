package dev.ect.model.network;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;

/**
 * What a batch of images is conditioned on, besides the noise level.
 *
 * @param classLabels {@code [N][labelDim]}, or null for zeros
 * @param augmentLabels {@code [N][augmentDim]}, or null where no augmentation is applied (its
 *     embedding is then skipped)
 */
public record Conditioning(float[][] classLabels, float[][] augmentLabels) {
  /** No labels of either kind. */
  public static final Conditioning NONE = new Conditioning(null, null);

  /** The conditioning of some of the images. */
  public Conditioning rows(int... rows) {
    return new Conditioning(rows(classLabels, rows), rows(augmentLabels, rows));
  }

  /**
   * Label dropout of a training batch: the class label of an image becomes zeros with a
   * probability. To be applied once per step, so that student and teacher see the same labels; a
   * function of (seed, step, position) alone.
   *
   * @param probability {@link NetworkSpec#labelDropout()}, in [0, 1)
   * @param seed the run's seed
   * @param step optimiser step
   * @param positions each image's position in the global batch
   * @throws IllegalArgumentException unless there is one position per image
   */
  public Conditioning dropLabels(double probability, long seed, long step, long... positions) {
    if (classLabels == null || probability == 0) {
      return this;
    }
    if (positions.length != classLabels.length) {
      throw new IllegalArgumentException(
          "label dropout: found "
              + positions.length
              + " positions for "
              + classLabels.length
              + " class labels; expected one per image");
    }
    float[][] kept = classLabels.clone();
    for (int n = 0; n < kept.length; n++) {
      if (new Philox(seed, Purpose.LABEL_DROPOUT, step, positions[n]).nextDouble() < probability) {
        kept[n] = new float[kept[n].length];
      }
    }
    return new Conditioning(kept, augmentLabels);
  }

  private static float[][] rows(float[][] labels, int... rows) {
    if (labels == null) {
      return null;
    }
    float[][] chosen = new float[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      chosen[i] = labels[rows[i]];
    }
    return chosen;
  }
}

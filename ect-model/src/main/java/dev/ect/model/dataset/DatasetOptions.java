package dev.ect.model.dataset;

/**
 * Which images and labels of a dataset are used.
 *
 * @param labels whether labels are used
 * @param xflip whether to double the set: mirrored copies follow the originals
 * @param maxSize largest number of images before doubling; 0 for all. A smaller set is a random
 *     subset by seed, in the set's order
 * @param seed of the subset
 */
public record DatasetOptions(LabelUse labels, boolean xflip, int maxSize, long seed) {
  /** All images, unmirrored, with labels if there are any. */
  public static final DatasetOptions ALL = new DatasetOptions(LabelUse.IF_PRESENT, false, 0, 0);

  public DatasetOptions {
    if (maxSize < 0) {
      throw new IllegalArgumentException(
          "max-size " + maxSize + "; expected 0 (all images) or more");
    }
  }
}

package dev.ect.model.random;

/**
 * What a stream of random numbers is for. The codes are part of what a seed means: never change or
 * reuse one.
 */
public enum Purpose {
  /** Initial weights; position = the parameter's place in the layout. */
  INITIALISATION(0),
  /** Order of the images; step = pass, position = virtual shard. */
  SHUFFLE(1),
  /**
   * Noise level t and noise eps of an image; step = optimiser step, position = position in the
   * global batch.
   */
  NOISE(2),
  /** Keys of dropout masks; step = optimiser step, position = position in the global batch. */
  DROPOUT(3),
  /** Augmentation of an image; step and position as for the noise. */
  AUGMENTATION(4),
  /** Label dropout of an image; step and position as for the noise. */
  LABEL_DROPOUT(5),
  /** Latents and noises of a generated image; step = sampling step, position = image number. */
  SAMPLING(6),
  /** Class labels of generated images; position = image number. */
  SAMPLE_LABELS(7),
  /** Choice of images: max-size, grids. */
  SUBSET(8),
  /** Synthetic images; position = image number. */
  SYNTHESIS(9),
  /** Fixed random features. */
  FEATURES(10),
  /** Images of the kernel distance's subsets; step = subset, position = 0 real, 1 generated. */
  KERNEL_SUBSETS(11);

  private final int code;

  Purpose(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}

package dev.ect.model.tuning;

import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Dropout;

/** A training objective. */
public interface Loss {
  /**
   * Evaluates the loss and adds {@code scale} times the gradient of its sum over the images into
   * the gradients of the denoiser's weights.
   *
   * @param dropout the batch's masks, or null for none; stays the caller's
   * @param scale 1 / size of the global batch, so that the shares of a batch add up to the gradient
   *     of its mean
   * @return the loss of each image
   */
  double[] backward(Denoiser denoiser, Batch batch, Dropout dropout, double scale);
}

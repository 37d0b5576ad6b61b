package dev.ect.model.tuning;

import dev.ect.model.engine.BackwardListener;
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
   * @param listener follows the backward pass, the only one there is
   * @return the loss of each image
   */
  double[] backward(
      Denoiser denoiser, Batch batch, Dropout dropout, double scale, BackwardListener listener);

  /** The same with nobody following. */
  default double[] backward(Denoiser denoiser, Batch batch, Dropout dropout, double scale) {
    return backward(denoiser, batch, dropout, scale, BackwardListener.NONE);
  }
}

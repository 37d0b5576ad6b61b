package dev.ect.model.network;

import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import java.util.Arrays;

/**
 * D(x, sigma): a network with its preconditioning, weights and buffers. Borrows the weights.
 *
 * @param network F
 * @param preconditioning how F becomes D
 * @param weights F's parameters on an engine
 * @param buffers values of F's constant tensors
 */
public record Denoiser(
    Network network, Preconditioning preconditioning, Weights weights, float[] buffers) {
  /**
   * D by the training formulas.
   *
   * @param x noisy images {@code [N, C, H, W]}, float32
   * @param sigma noise level of each image, greater than 0
   * @param dropout masks, or null for none
   * @return the denoised images, owned by the tape's innermost frame
   */
  public Tensor train(
      Tape tape, Tensor x, double[] sigma, Conditioning conditioning, Dropout dropout) {
    return denoise(tape, x, sigma, conditioning, dropout, true);
  }

  /** D by the evaluation formulas, without dropout; otherwise as {@link #train}. */
  public Tensor evaluate(Tape tape, Tensor x, double[] sigma, Conditioning conditioning) {
    return denoise(tape, x, sigma, conditioning, null, false);
  }

  private Tensor denoise(
      Tape tape,
      Tensor x,
      double[] sigma,
      Conditioning conditioning,
      Dropout dropout,
      boolean training) {
    Preconditioning c = preconditioning;
    try (Tape.Frame frame = tape.frame()) {
      Tensor input = tape.combine(x, Arrays.stream(sigma).map(c::in).toArray(), null, null);
      double[] noise = Arrays.stream(sigma).map(c::noise).toArray();
      Tensor f = network.forward(tape, weights, buffers, input, noise, conditioning, dropout);
      double[] skip = Arrays.stream(sigma).map(s -> c.skip(s, training)).toArray();
      double[] out = Arrays.stream(sigma).map(s -> c.out(s, training)).toArray();
      return frame.keep(tape.combine(x, skip, f, out));
    }
  }
}

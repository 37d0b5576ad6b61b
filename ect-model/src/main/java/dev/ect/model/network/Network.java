package dev.ect.model.network;

import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import java.util.Map;

/**
 * A U-Net F(x, c_noise, class labels, augment labels). Immutable: weights and buffers come from
 * outside, so one network serves student, teacher and EMA.
 */
public interface Network {
  /** What it was built from. */
  NetworkSpec spec();

  /** Its parameters, under PyTorch's names, prefixed by {@code model.}. */
  ParameterLayout parameters();

  /**
   * Its constant tensors (the Fourier frequencies of ncsnpp), under PyTorch's names; empty for most
   * networks.
   */
  ParameterLayout buffers();

  /**
   * The filters that PyTorch keeps as buffers in resampling layers, and which follow from the
   * architecture: {@code [1, 1, k, k]} each, by name.
   */
  Map<String, float[]> resampleFilters();

  /**
   * Draws initial parameters.
   *
   * @return {@code parameters().size()} values
   */
  float[] initialParameters(long seed);

  /**
   * Draws the buffers' values.
   *
   * @return {@code buffers().size()} values
   */
  float[] initialBuffers(long seed);

  /**
   * F.
   *
   * @param weights this network's parameters
   * @param buffers values of {@link #buffers()}
   * @param x {@code [N, C, H, W]}
   * @param cNoise noise level of each image, as the preconditioning gives it
   * @param dropout masks, or null for none (evaluation)
   * @return {@code [N, C, H, W]}, owned by the tape's innermost frame
   * @throws IllegalArgumentException if x or the labels do not fit the specification
   */
  Tensor forward(
      Tape tape,
      Weights weights,
      float[] buffers,
      Tensor x,
      double[] cNoise,
      Conditioning conditioning,
      Dropout dropout);

  /** Builds the network of a specification. */
  static Network of(NetworkSpec spec) {
    return switch (spec.arch()) {
      case DDPMPP, NCSNPP -> new SongUNet(spec);
      case ADM -> new DhariwalUNet(spec);
    };
  }
}

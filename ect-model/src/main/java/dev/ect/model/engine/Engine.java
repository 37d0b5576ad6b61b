package dev.ect.model.engine;

import java.nio.FloatBuffer;

/**
 * The kernels that a network, its tuning and its sampling are made of, each with its backward.
 *
 * <p>Kernels return new tensors that the caller owns, and never change or keep their arguments
 * unless they say so. Backward kernels add parameter gradients into the tensors given for them
 * ({@code null}: not wanted) and return input gradients. Images are {@code [N, C, H, W]};
 * parameters and state vectors are float32. Kernels throw {@link IllegalArgumentException} for
 * shapes that do not fit, naming both, and {@link IllegalStateException} for a closed tensor.
 *
 * <p>An engine and its tensors are used by one thread at a time. Equal inputs give equal bits,
 * given the same thread count.
 */
public interface Engine extends AutoCloseable {
  /** The provider's name: {@code nd4j} or {@code torch}. */
  String name();

  /** Where it computes, for people: {@code cpu, 2 threads} or {@code cuda:0, NVIDIA H200}. */
  String device();

  /** The number format of the heavy arithmetic. */
  Precision precision();

  /** Number of tensors made and not yet freed. */
  long openTensors();

  /**
   * The most memory of a GPU, in bytes, that LibTorch or ND4J had in use at once in this process; 0
   * on a CPU and where the library does not say.
   */
  default long deviceMemoryPeak() {
    return 0;
  }

  /** Frees what the engine itself holds; open tensors stay their owners' business. */
  @Override
  void close();

  // ---- tensors ----

  /** A float32 tensor of zeros. */
  Tensor zeros(long... shape);

  /**
   * A float32 tensor with the given values, row-major.
   *
   * @throws IllegalArgumentException if the number of values is not the shape's
   */
  Tensor create(FloatBuffer values, long... shape);

  /** {@link #create(FloatBuffer, long...)} from an array. */
  default Tensor create(float[] values, long... shape) {
    return create(FloatBuffer.wrap(values), shape);
  }

  /**
   * A named part of a flat float32 vector, sharing its memory; it keeps the vector alive.
   *
   * @param vector {@code [n]}
   * @param offset index of the part's first value
   */
  Tensor view(Tensor vector, long offset, long... shape);

  /**
   * A copy of some images, {@code [rows.length, ...]}: row i of the result is row {@code rows[i]}
   * of x.
   */
  Tensor rows(Tensor x, int... rows);

  // ---- layers ----

  /**
   * Cross-correlation with stride 1 and zero padding, as PyTorch's conv2d.
   *
   * @param x {@code [N, Cin, H, W]}
   * @param w {@code [Cout, Cin, k, k]}
   * @param b {@code [Cout]} or null
   * @param padding zeros on every side
   * @return {@code [N, Cout, H + 2*padding - k + 1, W + 2*padding - k + 1]}
   */
  Tensor conv2d(Tensor x, Tensor w, Tensor b, int padding);

  /**
   * @param gy gradient of the output
   * @param needInput whether the gradient of x is wanted
   * @param gw receives the gradient of w by addition, or null
   * @param gb receives the gradient of b by addition, or null
   * @return the gradient of x, or null
   */
  Tensor conv2dBackward(
      Tensor gy, Tensor x, Tensor w, int padding, boolean needInput, Tensor gw, Tensor gb);

  /**
   * {@code x w^T + b}, in float32.
   *
   * @param x {@code [N, in]}
   * @param w {@code [out, in]}
   * @param b {@code [out]} or null
   * @return {@code [N, out]}
   */
  Tensor linear(Tensor x, Tensor w, Tensor b);

  /** As {@link #conv2dBackward}, for {@link #linear}. */
  Tensor linearBackward(Tensor gy, Tensor x, Tensor w, boolean needInput, Tensor gw, Tensor gb);

  /**
   * Group normalisation (Wu and He, arXiv 1803.08494), then optionally {@code z * (scale + 1) +
   * shift} per image and channel, then optionally SiLU.
   *
   * @param x {@code [N, C, H, W]}
   * @param gamma {@code [C]}
   * @param beta {@code [C]}
   * @param scaleShift {@code [N, 2C]}, scales before shifts, or null
   * @param save whether {@link #groupNormBackward} will follow
   */
  Result groupNorm(
      Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm, boolean save);

  /**
   * @param forward what {@link #groupNorm} returned for the same arguments
   * @param gGamma receives the gradient of gamma by addition, or null
   * @param gBeta receives the gradient of beta by addition, or null
   * @return the gradients of x and of scaleShift (null where scaleShift is)
   */
  Tensor[] groupNormBackward(
      Tensor gy,
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor scaleShift,
      GroupNorm norm,
      Result forward,
      Tensor gGamma,
      Tensor gBeta);

  /** {@code x * sigmoid(x)}. */
  Tensor silu(Tensor x);

  /** The gradient of x for {@link #silu}. */
  Tensor siluBackward(Tensor gy, Tensor x);

  /** {@code x[n, c, h, w] + p[n, c]}. */
  Tensor addChannels(Tensor x, Tensor p);

  /**
   * {@code [N, C]}: the sum of x over H and W; the backward of {@link #addChannels} in p. float32.
   */
  Tensor sumChannels(Tensor x);

  /**
   * A dropout mask: 0 with probability p, else 1/(1-p). Value i (row-major) of image n is {@link
   * DropoutMask}'s for {@code (keys[n], i)}: the same on every engine and whatever the batch around
   * the image.
   *
   * @param p probability of 0, in [0, 1)
   * @param keys one key per image
   * @param shape {@code [keys.length, C, H, W]}
   */
  Tensor dropoutMask(double p, long[] keys, long... shape);

  /** The product, value by value. */
  Tensor multiply(Tensor a, Tensor b);

  /**
   * Depthwise convolution of every channel with {@code gain * f outer f / (sum f)^2}, stride 2. Its
   * adjoint is {@link #upsample} with the same filter, padding and gain.
   *
   * @param x {@code [N, C, H, W]}
   * @param filter f, for example {1, 1} (average pooling) or {1, 3, 3, 1}
   * @param padding zeros on every side
   * @return {@code [N, C, (H + 2*padding - len)/2 + 1, ...]}
   */
  Tensor downsample(Tensor x, double[] filter, int padding, double gain);

  /**
   * The transposed {@link #downsample}: {@code [N, C, H, W]} to {@code [N, C, 2*(H-1) + len -
   * 2*padding, ...]}.
   */
  Tensor upsample(Tensor x, double[] filter, int padding, double gain);

  /**
   * Self-attention over positions: weights {@code softmax(q^T k / sqrt(C/heads))} over keys,
   * computed in float32.
   *
   * @param qkv {@code [N, 3C, H, W]}, channel {@code (head*C/heads + c)*3 + {q, k, v}}
   * @param save whether {@link #attentionBackward} will follow
   * @return {@code [N, C, H, W]}
   */
  Result attention(Tensor qkv, int heads, boolean save);

  /** The gradient of qkv for {@link #attention}. */
  Tensor attentionBackward(Tensor gy, Tensor qkv, int heads, Result forward);

  /** a's channels, then b's: {@code [N, Ca+Cb, H, W]}. */
  Tensor concatChannels(Tensor a, Tensor b);

  /** A copy of channels {@code from} (inclusive) to {@code to} (exclusive). */
  Tensor sliceChannels(Tensor x, long from, long to);

  /** {@code (a + b) * scale}. */
  Tensor addScaled(Tensor a, Tensor b, double scale);

  /** {@code x * scale}. */
  Tensor scale(Tensor x, double scale);

  /**
   * {@code a[n] * x[n] + b[n] * y[n]} for every image n, in float32.
   *
   * @param y of x's shape, or null for {@code a[n] * x[n]}
   */
  Tensor combine(Tensor x, double[] a, Tensor y, double[] b);

  // ---- losses and state vectors ----

  /** Per image, the sum of {@code (a - b)^2} over the other axes. */
  double[] squaredDistances(Tensor a, Tensor b);

  /**
   * In place: NaN becomes {@code nan}, positive infinity {@code plus}, negative infinity {@code
   * minus}.
   */
  void replaceNonFinite(Tensor x, float nan, float plus, float minus);

  /**
   * In place: {@code target = scale * target + source}; a scale of 0 overwrites, whatever the
   * target holds.
   */
  void accumulate(Tensor target, double scale, Tensor source);

  /** In place: every value becomes 0. */
  void clear(Tensor x);

  /** In place: {@code average = net + beta * (average - net)}. */
  void movingAverage(Tensor average, Tensor net, double beta);

  /**
   * One update of the Adam family, in place on the flat vectors: {@code m = beta1 m + (1-beta1) g},
   * {@code v = beta2 v + (1-beta2) g^2}, then {@code w -= step * m / (sqrt(v) * vScale + eps)}, or
   * {@code w -= step * m} where vScale is 0.
   *
   * @param g gradient; unchanged
   */
  void adamUpdate(Tensor w, Tensor g, Tensor m, Tensor v, AdamUpdate update);

  // ---- how ----

  /** A time in which kernels resolve small differences; see {@link #resolving}. */
  interface Resolution extends AutoCloseable {
    /** Ends it. */
    @Override
    void close();
  }

  /**
   * Kernels compute in float32 until what this returns is closed, if the engine's precision cannot
   * tell apart the results of inputs that differ by one part in {@code parts}: see {@link
   * EngineOptions#needsFloat32}. Backward kernels that run later compute in the engine's precision.
   */
  default Resolution resolving(double parts) {
    return () -> {};
  }

  /** Waits until everything asked for so far is done; for timing. */
  default void synchronize() {}
}

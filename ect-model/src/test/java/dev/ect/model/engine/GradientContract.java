package dev.ect.model.engine;

import dev.ect.model.engine.Twins.Backward;
import dev.ect.model.engine.Twins.Kernel;
import dev.ect.model.engine.Twins.Pair;
import org.junit.jupiter.api.Test;

/** Every backward kernel is the derivative of its forward kernel. */
interface GradientContract extends EngineContract {
  /** What a case's gradients are compared with. */
  interface Check {
    void run(Twins t, String what, Kernel forward, Backward backward, Pair... inputs);
  }

  Check NUMERIC = Twins::numericGradients;
  Check REFERENCE =
      (t, what, forward, backward, inputs) -> t.sameGradients(what, forward, backward);

  @Test
  default void convolutionGradientsAreDerivatives() {
    convolution(NUMERIC, 3, 2, 3, 5, 4, 3, 1);
    convolution(NUMERIC, 1, 3, 5, 4, 4, 3, 0);
    convolution(NUMERIC, 2, 1, 2, 3, 5, 3, 2);
    convolution(NUMERIC, 3, 4, 3, 3, 2, 1, 0);
    convolution(NUMERIC, 1, 2, 1, 3, 3, 1, 1);
    convolution(REFERENCE, 3, 20, 12, 16, 9, 3, 1);
    convolution(REFERENCE, 2, 32, 13, 8, 8, 3, 2);
    convolution(REFERENCE, 5, 17, 32, 8, 12, 1, 0);
    convolution(REFERENCE, 4, 1, 16, 16, 16, 3, 1);
  }

  private void convolution(
      Check check, int n, int cin, int cout, int h, int w, int k, int padding) {
    String what =
        "conv2d "
            + n
            + "x"
            + cin
            + "x"
            + h
            + "x"
            + w
            + " to "
            + cout
            + ", kernel "
            + k
            + ", padding "
            + padding;
    try (Twins t = twins()) {
      Pair x = t.gaussian(n, cin, h, w);
      Pair weight = t.gaussian(cout, cin, k, k);
      Pair bias = t.gaussian(cout);
      check.run(
          t,
          what,
          e -> e.conv2d(x.in(e), weight.in(e), bias.in(e), padding),
          (e, gy) -> {
            Tensor gw = e.zeros(cout, cin, k, k);
            Tensor gb = e.zeros(cout);
            return new Tensor[] {
              e.conv2dBackward(gy, x.in(e), weight.in(e), padding, true, gw, gb), gw, gb
            };
          },
          x,
          weight,
          bias);
    }
  }

  @Test
  default void linearGradientsAreDerivatives() {
    linear(NUMERIC, 3, 5, 4);
    linear(NUMERIC, 1, 1, 7);
    linear(REFERENCE, 7, 130, 67);
  }

  private void linear(Check check, int n, int in, int out) {
    try (Twins t = twins()) {
      Pair x = t.gaussian(n, in);
      Pair weight = t.gaussian(out, in);
      Pair bias = t.gaussian(out);
      check.run(
          t,
          "linear " + n + ", " + in + " to " + out,
          e -> e.linear(x.in(e), weight.in(e), bias.in(e)),
          (e, gy) -> {
            Tensor gw = e.zeros(out, in);
            Tensor gb = e.zeros(out);
            return new Tensor[] {e.linearBackward(gy, x.in(e), weight.in(e), true, gw, gb), gw, gb};
          },
          x,
          weight,
          bias);
    }
  }

  @Test
  default void groupNormGradientsAreDerivatives() {
    for (boolean silu : new boolean[] {false, true}) {
      for (boolean modulated : new boolean[] {false, true}) {
        groupNorm(NUMERIC, 3, 4, 3, 2, 2, silu, modulated);
        groupNorm(NUMERIC, 1, 3, 2, 2, 1, silu, modulated);
        groupNorm(REFERENCE, 3, 32, 8, 5, 32, silu, modulated);
        groupNorm(REFERENCE, 2, 36, 16, 16, 9, silu, modulated);
      }
    }
  }

  private void groupNorm(
      Check check, int n, int c, int h, int w, int groups, boolean silu, boolean modulated) {
    GroupNorm norm = new GroupNorm(groups, 1e-5, silu);
    try (Twins t = twins()) {
      Pair x = t.gaussian(n, c, h, w);
      Pair gamma = t.gaussian(c);
      Pair beta = t.gaussian(c);
      Pair scaleShift = t.gaussian(n, 2L * c);
      Pair[] inputs = {x, gamma, beta, scaleShift};
      check.run(
          t,
          norm + (modulated ? " with scale and shift, " : ", ") + n + "x" + c + "x" + h + "x" + w,
          e -> {
            Tensor s = modulated ? scaleShift.in(e) : null;
            return e.groupNorm(x.in(e), gamma.in(e), beta.in(e), s, norm, false).output();
          },
          (e, gy) -> {
            Tensor s = modulated ? scaleShift.in(e) : null;
            Result forward = e.groupNorm(x.in(e), gamma.in(e), beta.in(e), s, norm, true);
            forward.output().close();
            Tensor gGamma = e.zeros(c);
            Tensor gBeta = e.zeros(c);
            Tensor[] g =
                e.groupNormBackward(
                    gy, x.in(e), gamma.in(e), beta.in(e), s, norm, forward, gGamma, gBeta);
            forward.saved().forEach(Tensor::close);
            return new Tensor[] {g[0], gGamma, gBeta, g[1]};
          },
          inputs);
    }
  }

  @Test
  default void siluGradientIsItsDerivative() {
    try (Twins t = twins()) {
      Pair x = t.of(new float[] {-90, -4, -1.25f, -0.5f, 0, 1e-3f, 0.7f, 3, 90}, 3, 3);
      t.numericGradients(
          "silu", e -> e.silu(x.in(e)), (e, gy) -> new Tensor[] {e.siluBackward(gy, x.in(e))}, x);
    }
  }

  @Test
  default void channelSumIsTheGradientOfAddedChannels() {
    try (Twins t = twins()) {
      Pair x = t.gaussian(3, 2, 4, 3);
      Pair p = t.gaussian(3, 2);
      t.numericGradients(
          "addChannels",
          e -> e.addChannels(x.in(e), p.in(e)),
          (e, gy) -> new Tensor[] {e.sumChannels(gy)},
          p);
    }
  }

  @Test
  default void attentionGradientsAreDerivatives() {
    attention(NUMERIC, 2, 1, 3, 2, 3);
    attention(NUMERIC, 3, 2, 2, 2, 2);
    attention(NUMERIC, 1, 3, 1, 3, 1);
    attention(REFERENCE, 2, 1, 20, 8, 8);
    attention(REFERENCE, 3, 4, 9, 4, 6);
  }

  private void attention(Check check, int n, int heads, int width, int h, int w) {
    try (Twins t = twins()) {
      Pair qkv = t.gaussian(n, 3L * heads * width, h, w);
      check.run(
          t,
          "attention of " + heads + " heads, width " + width,
          e -> e.attention(qkv.in(e), heads, false).output(),
          (e, gy) -> {
            Result forward = e.attention(qkv.in(e), heads, true);
            forward.output().close();
            Tensor g = e.attentionBackward(gy, qkv.in(e), heads, forward);
            forward.saved().forEach(Tensor::close);
            return new Tensor[] {g};
          },
          qkv);
    }
  }

  @Test
  default void resamplingIsTheGradientOfItsAdjoint() {
    for (double gain : new double[] {1, 4, 0.5}) {
      resampling(new double[] {1, 1}, 0, gain);
      resampling(new double[] {1, 1}, 1, gain);
      resampling(new double[] {1, 3, 3, 1}, 1, gain);
      resampling(new double[] {1, 3, 3, 1}, 0, gain);
      resampling(new double[] {1, 3, 3, 1}, 2, gain);
    }
  }

  private void resampling(double[] filter, int padding, double gain) {
    String what = filter.length + " taps, padding " + padding + ", gain " + gain;
    try (Twins t = twins()) {
      Pair x = t.gaussian(3, 2, 6, 4);
      t.numericGradients(
          "downsample, " + what,
          e -> e.downsample(x.in(e), filter, padding, gain),
          (e, gy) -> new Tensor[] {e.upsample(gy, filter, padding, gain)},
          x);
      t.numericGradients(
          "upsample, " + what,
          e -> e.upsample(x.in(e), filter, padding, gain),
          (e, gy) -> new Tensor[] {e.downsample(gy, filter, padding, gain)},
          x);
    }
  }
}

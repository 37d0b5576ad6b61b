package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.ect.model.engine.Twins.Pair;
import org.junit.jupiter.api.Test;

/** Every kernel computes what the reference computes. */
interface ForwardContract extends EngineContract {
  @Test
  default void convolutionIsTheReferences() {
    for (int k : new int[] {1, 3}) {
      for (int padding = 0; padding < 3; padding++) {
        convolution(1, 1, 1, 3, 3, k, padding);
        convolution(3, 3, 5, 9, 6, k, padding);
        convolution(2, 1, 16, 8, 8, k, padding);
        convolution(5, 17, 3, 4, 7, k, padding);
        convolution(4, 32, 24, 16, 16, k, padding);
      }
    }
  }

  private void convolution(int n, int cin, int cout, int h, int w, int k, int padding) {
    String what = n + "x" + cin + "x" + h + "x" + w + " to " + cout + ", kernel " + k;
    try (Twins t = twins()) {
      Pair x = t.gaussian(n, cin, h, w);
      Pair weight = t.gaussian(cout, cin, k, k);
      Pair bias = t.gaussian(cout);
      t.same(what, e -> e.conv2d(x.in(e), weight.in(e), bias.in(e), padding));
      t.same(what + " without bias", e -> e.conv2d(x.in(e), weight.in(e), null, padding));
    }
  }

  @Test
  default void linearIsTheReferences() {
    for (long[] s : new long[][] {{1, 1, 1}, {3, 5, 7}, {7, 130, 67}, {2, 256, 512}}) {
      try (Twins t = twins()) {
        Pair x = t.gaussian(s[0], s[1]);
        Pair w = t.gaussian(s[2], s[1]);
        Pair b = t.gaussian(s[2]);
        t.same("linear", e -> e.linear(x.in(e), w.in(e), b.in(e)));
        t.same("linear without bias", e -> e.linear(x.in(e), w.in(e), null));
      }
    }
  }

  @Test
  default void groupNormIsTheReferences() {
    long[][] shapes = {{3, 1, 3, 2}, {2, 6, 5, 4}, {5, 32, 4, 4}, {1, 96, 16, 9}};
    int[][] groups = {{1}, {1, 2, 3, 6}, {1, 8, 32}, {24, 32}};
    for (int i = 0; i < shapes.length; i++) {
      for (int g : groups[i]) {
        groupNorm(new GroupNorm(g, 1e-5, false), shapes[i]);
        groupNorm(new GroupNorm(g, 1e-6, true), shapes[i]);
      }
    }
  }

  private void groupNorm(GroupNorm norm, long... shape) {
    try (Twins t = twins()) {
      Pair x = t.gaussian(shape);
      Pair gamma = t.gaussian(shape[1]);
      Pair beta = t.gaussian(shape[1]);
      Pair s = t.gaussian(shape[0], 2 * shape[1]);
      t.same(norm.toString(), e -> output(e, x, gamma, beta, null, norm));
      t.same(norm + ", scale, shift", e -> output(e, x, gamma, beta, s, norm));
    }
  }

  private static Tensor output(
      Engine e, Pair x, Pair gamma, Pair beta, Pair scaleShift, GroupNorm norm) {
    Tensor s = scaleShift == null ? null : scaleShift.in(e);
    return e.groupNorm(x.in(e), gamma.in(e), beta.in(e), s, norm, false).output();
  }

  @Test
  default void groupNormOfLargeMeansKeepsItsAccuracy() {
    try (Twins t = twins()) {
      float[] values = t.values(2, 4, 8, 8);
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.round(values[i] * 64) / 64f + 1024;
      }
      Pair x = t.of(values, 2, 4, 8, 8);
      Pair gamma = t.gaussian(4);
      Pair beta = t.gaussian(4);
      GroupNorm norm = new GroupNorm(2, 1e-6, false);
      try (Tensor actual = output(t.engine, x, gamma, beta, null, norm);
          Tensor expected = output(t.reference, x, gamma, beta, null, norm)) {
        // float32 statistics of values at 1024 lose ten bits; variance by E[x^2] - E[x]^2 loses 20
        try (Twins loose = new Twins(t.engine, 1e-3)) {
          loose.assertSame("groupNorm of large means", expected, actual);
        }
      }
    }
  }

  @Test
  default void attentionIsTheReferences() {
    attention(1, 1, 1, 1, 1);
    attention(3, 1, 5, 3, 4);
    attention(2, 3, 7, 5, 2);
    attention(2, 4, 16, 8, 8);
    attention(1, 1, 32, 16, 16);
  }

  private void attention(int n, int heads, int width, int h, int w) {
    try (Twins t = twins()) {
      Pair qkv = t.gaussian(n, 3L * heads * width, h, w);
      t.same(heads + " heads of " + width, e -> e.attention(qkv.in(e), heads, false).output());
    }
  }

  @Test
  default void attentionOfLargeScoresStaysFinite() {
    try (Twins t = twins()) {
      float[] values = t.values(1, 6, 3, 3);
      for (int i = 0; i < values.length; i++) {
        values[i] *= 100;
      }
      Pair qkv = t.of(values, 1, 6, 3, 3);
      // scores reach tens of thousands, where float32 has two decimals left
      try (Twins loose = new Twins(t.engine, 1e-2);
          Tensor actual = t.engine.attention(qkv.tested(), 1, false).output();
          Tensor expected = t.reference.attention(qkv.exact(), 1, false).output()) {
        loose.assertSame("attention", expected, actual);
      }
    }
  }

  @Test
  default void resamplingIsTheReferences() {
    for (int n = 1; n < 4; n += 2) {
      for (int padding = 0; padding < 3; padding++) {
        resampling(new double[] {1, 1}, padding, n, 1, 6, 4);
        resampling(new double[] {1, 3, 3, 1}, padding, n, 5, 4, 8);
        resampling(new double[] {1, 3, 3, 1}, padding, n, 16, 16, 16);
      }
    }
  }

  private void resampling(double[] filter, int padding, long... shape) {
    try (Twins t = twins()) {
      Pair x = t.gaussian(shape);
      for (double gain : new double[] {1, 4}) {
        String what = filter.length + " taps, padding " + padding + ", gain " + gain;
        t.same("downsample, " + what, e -> e.downsample(x.in(e), filter, padding, gain));
        t.same("upsample, " + what, e -> e.upsample(x.in(e), filter, padding, gain));
      }
    }
  }

  @Test
  default void valueByValueKernelsAreTheReferences() {
    for (long[] s : new long[][] {{1, 1, 1, 1}, {3, 5, 4, 7}, {2, 16, 8, 8}}) {
      try (Twins t = twins()) {
        Pair a = t.gaussian(s);
        Pair b = t.gaussian(s);
        Pair p = t.gaussian(s[0], s[1]);
        t.same("silu", e -> e.silu(a.in(e)));
        t.same("siluBackward", e -> e.siluBackward(b.in(e), a.in(e)));
        t.same("addChannels", e -> e.addChannels(a.in(e), p.in(e)));
        t.same("sumChannels", e -> e.sumChannels(a.in(e)));
        t.same("multiply", e -> e.multiply(a.in(e), b.in(e)));
        t.same("addScaled", e -> e.addScaled(a.in(e), b.in(e), Math.sqrt(0.5)));
        t.same("addScaled of one tensor", e -> e.addScaled(a.in(e), a.in(e), 1));
        t.same("scale", e -> e.scale(a.in(e), -0.3));
        t.same("silu of a matrix", e -> e.silu(p.in(e)));
        t.same("addScaled of matrices", e -> e.addScaled(p.in(e), p.in(e), 0.25));
        t.same("scale of a matrix", e -> e.scale(p.in(e), 7));
        t.same("multiply of matrices", e -> e.multiply(p.in(e), p.in(e)));
      }
    }
  }

  @Test
  default void siluOfLargeValuesIsTheirPositivePart() {
    try (Twins t = twins()) {
      Pair x = t.of(new float[] {-1e30f, -200, 200, 1e30f}, 4);
      try (Tensor y = t.engine.silu(x.tested())) {
        assertArrayEquals(new float[] {0, 0, 200, 1e30f}, y.toArray(), 1e-30f);
      }
    }
  }

  @Test
  default void channelsJoinAndSplit() {
    try (Twins t = twins()) {
      Pair a = t.gaussian(3, 2, 4, 5);
      Pair b = t.gaussian(3, 9, 4, 5);
      t.same("concatChannels", e -> e.concatChannels(a.in(e), b.in(e)));
      t.same("first channels", e -> e.sliceChannels(b.in(e), 0, 3));
      t.same("inner channels", e -> e.sliceChannels(b.in(e), 3, 8));
      t.same("all channels", e -> e.sliceChannels(b.in(e), 0, 9));
    }
  }

  @Test
  default void imagesAreCombinedWithTheirOwnFactors() {
    for (long[] s : new long[][] {{3, 2, 5, 4}, {3, 7}, {3}}) {
      try (Twins t = twins()) {
        Pair x = t.gaussian(s);
        Pair y = t.gaussian(s);
        double[] a = {1.5, -2, 0};
        double[] b = {0.25, 3, -80};
        t.same("combine", e -> e.combine(x.in(e), a, y.in(e), b));
        t.same("combine of one", e -> e.combine(x.in(e), a, null, null));
      }
    }
  }

  @Test
  default void kernelsTakeOtherKernelsOutputs() {
    // outputs may lie in memory in another order than tensors made from values
    try (Twins t = twins()) {
      Pair x = t.gaussian(3, 6, 4, 8);
      Pair w = t.gaussian(12, 6, 3, 3);
      Pair p = t.gaussian(3, 12);
      t.same(
          "chain",
          e -> {
            try (Tensor y = e.conv2d(x.in(e), w.in(e), null, 1);
                Tensor part = e.sliceChannels(y, 3, 9);
                Tensor both = e.concatChannels(part, x.in(e));
                Tensor sum = e.addScaled(both, y, 0.5);
                Tensor shifted = e.addChannels(sum, p.in(e));
                Tensor attended = e.attention(shifted, 2, false).output();
                Tensor rows = e.rows(attended, 2, 0);
                Tensor small = e.downsample(rows, new double[] {1, 3, 3, 1}, 1, 1)) {
              return e.combine(small, new double[] {1, -2}, null, null);
            }
          });
    }
  }
}

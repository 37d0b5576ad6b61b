package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ect.model.engine.Twins.Pair;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Kernels that change their arguments: exactly the part they are given, and by the formula. */
interface UpdateContract extends EngineContract {
  /** A change of tensors in place. */
  interface Change {
    void apply(Engine e);
  }

  private static void assertChanges(Twins t, String what, Change change, Pair... tensors) {
    change.apply(t.engine);
    change.apply(t.reference);
    for (int i = 0; i < tensors.length; i++) {
      t.assertSame(what + ", tensor " + i, tensors[i].exact(), tensors[i].tested());
    }
  }

  @Test
  default void adamFollowsItsFormula() {
    AdamUpdate adaptive = new AdamUpdate(0.9, 0.999, 1e-8, 0.01, 1.7);
    AdamUpdate plain = new AdamUpdate(0.8, 0.95, 1e-8, 0.02, 0);
    AdamUpdate coarse = new AdamUpdate(0.9, 0.99, 0.5, 0.3, 0.6);
    try (Twins t = twins()) {
      Pair w = t.gaussian(1003);
      Pair m = t.gaussian(1003);
      Pair v = t.of(squares(t.values(1003)), 1003);
      Pair[] all = {w, t.gaussian(1003), m, v};
      float[] gradient = all[1].tested().toArray();
      for (AdamUpdate update : new AdamUpdate[] {adaptive, plain, coarse, adaptive}) {
        assertChanges(
            t,
            update.toString(),
            e -> e.adamUpdate(w.in(e), all[1].in(e), m.in(e), v.in(e), update),
            all);
      }
      assertArrayEquals(gradient, all[1].tested().toArray());
    }
  }

  private static float[] squares(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= values[i];
    }
    return values;
  }

  @Test
  default void adamFromRestDoesNotDivideByZero() {
    try (Twins t = twins()) {
      Pair w = t.of(new float[] {1, 2, 3}, 3);
      Pair g = t.of(new float[] {0, 1, -1}, 3);
      Pair m = t.of(new float[3], 3);
      Pair v = t.of(new float[3], 3);
      AdamUpdate update = new AdamUpdate(0.9, 0.999, 1e-8, 0.01, 1);
      assertChanges(
          t, "adam", e -> e.adamUpdate(w.in(e), g.in(e), m.in(e), v.in(e), update), w, m, v);
      assertEquals(1, w.tested().toArray()[0]);
    }
  }

  @Test
  default void valuesThatAreNotFiniteAreReplaced() {
    float[] values = {
      1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, -0f, 1e-40f
    };
    try (Tensor x = engine().create(values, 7);
        Tensor limits = engine().create(values, 1, 7, 1, 1)) {
      engine().replaceNonFinite(x, 0, 1e5f, -1e5f);
      float[] changed = x.toArray();
      assertArrayEquals(new float[] {1, 0, 1e5f, -1e5f, Float.MAX_VALUE}, part(changed, 0, 5));
      assertEquals(0, changed[5], 0);
      assertEquals(1e-40f, changed[6], 1e-40f, "a subnormal stays or is flushed to zero");
      engine().replaceNonFinite(limits, 7, Float.MAX_VALUE, -Float.MAX_VALUE);
      assertArrayEquals(
          new float[] {1, 7, Float.MAX_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE},
          part(limits.toArray(), 0, 5));
    }
  }

  private static float[] part(float[] values, int from, int to) {
    return Arrays.copyOfRange(values, from, to);
  }

  @Test
  default void accumulationScalesTheTarget() {
    try (Twins t = twins()) {
      Pair target = t.gaussian(3, 5);
      Pair source = t.gaussian(3, 5);
      float[] before = source.tested().toArray();
      for (double scale : new double[] {1, 0.25, -3}) {
        assertChanges(
            t, "scale " + scale, e -> e.accumulate(target.in(e), scale, source.in(e)), target);
      }
      assertArrayEquals(before, source.tested().toArray());
    }
  }

  @Test
  default void accumulationWithScaleZeroOverwritesAnything() {
    try (Tensor target = engine().create(new float[] {Float.NaN, Float.POSITIVE_INFINITY, 3}, 3);
        Tensor source = engine().create(new float[] {4, 5, 6}, 3)) {
      engine().accumulate(target, 0, source);
      assertArrayEquals(new float[] {4, 5, 6}, target.toArray());
    }
  }

  @Test
  default void clearingLeavesZeros() {
    try (Tensor x = engine().create(new float[] {Float.NaN, Float.POSITIVE_INFINITY, 3}, 3)) {
      engine().clear(x);
      assertArrayEquals(new float[3], x.toArray());
    }
  }

  @Test
  default void theMovingAverageMovesTowardsTheNet() {
    try (Twins t = twins()) {
      Pair average = t.gaussian(37);
      Pair net = t.gaussian(37);
      float[] before = net.tested().toArray();
      for (double beta : new double[] {0.9999, 0.5}) {
        assertChanges(
            t, "beta " + beta, e -> e.movingAverage(average.in(e), net.in(e), beta), average);
      }
      engine().movingAverage(average.tested(), net.tested(), 0);
      assertArrayEquals(before, average.tested().toArray(), "beta 0 copies");
      assertArrayEquals(before, net.tested().toArray());
    }
  }

  @Test
  default void changesStayWithinAView() {
    float[] values = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    try (Tensor vector = engine().create(values, 9);
        Tensor view = engine().view(vector, 3, 2, 2);
        Tensor other = engine().create(new float[] {1, 1, 1, 1}, 2, 2);
        Tensor m = engine().zeros(2, 2);
        Tensor v = engine().zeros(2, 2)) {
      engine().accumulate(view, 10, other);
      assertArrayEquals(new float[] {1, 2, 3, 41, 51, 61, 71, 8, 9}, vector.toArray());
      engine().movingAverage(view, other, 0.5);
      assertArrayEquals(new float[] {1, 2, 3, 21, 26, 31, 36, 8, 9}, vector.toArray());
      engine().adamUpdate(view, other, m, v, new AdamUpdate(0, 0.5, 0, 4, 0));
      assertArrayEquals(new float[] {1, 2, 3, 17, 22, 27, 32, 8, 9}, vector.toArray());
      view.write(2, FloatBuffer.wrap(new float[] {Float.NaN}));
      engine().replaceNonFinite(view, -5, 0, 0);
      assertArrayEquals(new float[] {1, 2, 3, 17, 22, -5, 32, 8, 9}, vector.toArray());
      engine().clear(view);
      assertArrayEquals(new float[] {1, 2, 3, 0, 0, 0, 0, 8, 9}, vector.toArray());
    }
  }

  @Test
  default void parameterGradientsAreAddedWithinAView() {
    try (Twins t = twins()) {
      Pair x = t.gaussian(2, 3, 4, 4);
      Pair w = t.gaussian(5, 3, 3, 3);
      Pair gy = t.gaussian(2, 5, 4, 4);
      Pair row = t.gaussian(2, 3);
      Pair matrix = t.gaussian(5, 3);
      Pair gRow = t.gaussian(2, 5);
      Pair gamma = t.gaussian(3);
      Pair gradients = t.gaussian(200);
      assertChanges(
          t,
          "gradients",
          e -> {
            GroupNorm norm = new GroupNorm(3, 1e-5, true);
            try (Tensor gw = e.view(gradients.in(e), 10, 5, 3, 3, 3);
                Tensor gb = e.view(gradients.in(e), 147, 5);
                Tensor gMatrix = e.view(gradients.in(e), 153, 5, 3);
                Tensor gGamma = e.view(gradients.in(e), 170, 3);
                Tensor gBeta = e.view(gradients.in(e), 174, 3)) {
              assertNull(e.conv2dBackward(gy.in(e), x.in(e), w.in(e), 1, false, gw, gb));
              assertNull(e.conv2dBackward(gy.in(e), x.in(e), w.in(e), 1, false, gw, null));
              assertNull(e.linearBackward(gRow.in(e), row.in(e), matrix.in(e), false, gMatrix, gb));
              assertNull(e.linearBackward(gRow.in(e), row.in(e), matrix.in(e), false, null, gb));
              for (Tensor wanted : new Tensor[] {gGamma, null}) {
                Result forward = e.groupNorm(x.in(e), gamma.in(e), gamma.in(e), null, norm, true);
                Tensor[] g =
                    e.groupNormBackward(
                        x.in(e),
                        x.in(e),
                        gamma.in(e),
                        gamma.in(e),
                        null,
                        norm,
                        forward,
                        wanted,
                        wanted == null ? gBeta : null);
                assertNull(g[1]);
                g[0].close();
                forward.output().close();
                forward.saved().forEach(Tensor::close);
              }
            }
          },
          gradients);
    }
  }

  @Test
  default void onlyTheInputsGradientIsMadeWhereNothingElseIsWanted() {
    try (Twins t = twins()) {
      Pair x = t.gaussian(2, 3, 4, 4);
      Pair w = t.gaussian(5, 3, 3, 3);
      Pair gy = t.gaussian(2, 5, 4, 4);
      Pair row = t.gaussian(2, 3);
      Pair matrix = t.gaussian(5, 3);
      Pair gRow = t.gaussian(2, 5);
      t.same("conv2d", e -> e.conv2dBackward(gy.in(e), x.in(e), w.in(e), 1, true, null, null));
      t.same(
          "linear", e -> e.linearBackward(gRow.in(e), row.in(e), matrix.in(e), true, null, null));
      assertNull(
          engine().conv2dBackward(gy.tested(), x.tested(), w.tested(), 1, false, null, null));
    }
  }

  @Test
  default void squaredDistancesAreSummedPerImage() {
    for (long[] shape : new long[][] {{3, 3, 16, 16}, {1, 1, 2, 3}, {4, 7}}) {
      try (Twins t = twins()) {
        Pair a = t.gaussian(shape);
        Pair b = t.gaussian(shape);
        t.assertClose(
            "squaredDistances",
            t.reference.squaredDistances(a.exact(), b.exact()),
            t.engine.squaredDistances(a.tested(), b.tested()));
        assertArrayEquals(
            new double[(int) shape[0]], t.engine.squaredDistances(a.tested(), a.tested()));
      }
    }
  }
}

package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Arguments that do not fit, closed tensors and other engines' tensors are refused by name. */
interface ErrorContract extends EngineContract {
  /** A kernel's call with tensors of some shapes, what it returns being closed. */
  interface Call {
    void run(Engine e, Tensor[] in);
  }

  /** A call, the shapes that fit it, and for each of some wrong shapes the index it takes. */
  record Case(Call call, long[][] shapes, int wrongIndex, long[] wrong) {}

  private static void close(Result r) {
    r.output().close();
    r.saved().forEach(Tensor::close);
  }

  private static void close(Tensor t) {
    if (t != null) {
      t.close();
    }
  }

  private static long[] s(long... shape) {
    return shape;
  }

  /** Every kernel with one argument that does not fit. */
  private static Map<String, Case> cases() {
    Map<String, Case> cases = new LinkedHashMap<>();
    GroupNorm norm = new GroupNorm(2, 1e-5, true);
    double[] filter = {1, 3, 3, 1};
    AdamUpdate adam = new AdamUpdate(0.9, 0.99, 1e-8, 1, 1);
    long[] x = s(2, 4, 6, 8);
    Call conv = (e, in) -> e.conv2d(in[0], in[1], in[2], 1).close();
    long[][] conv2d = {x, s(5, 4, 3, 3), s(5)};
    cases.put("conv2d x", new Case(conv, conv2d, 0, s(2, 3, 6, 8)));
    cases.put("conv2d w", new Case(conv, conv2d, 1, s(5, 4, 3, 1)));
    cases.put("conv2d b", new Case(conv, conv2d, 2, s(4)));
    Call conv2dBack =
        (e, in) -> close(e.conv2dBackward(in[0], in[1], in[2], 1, true, in[3], in[4]));
    long[][] conv2dBackward = {s(2, 5, 6, 8), x, s(5, 4, 3, 3), s(5, 4, 3, 3), s(5)};
    cases.put("conv2dBackward gy", new Case(conv2dBack, conv2dBackward, 0, s(2, 5, 4, 6)));
    cases.put("conv2dBackward gw", new Case(conv2dBack, conv2dBackward, 3, s(5, 4, 9, 1)));
    cases.put("conv2dBackward gb", new Case(conv2dBack, conv2dBackward, 4, s(1)));
    Call linear = (e, in) -> e.linear(in[0], in[1], in[2]).close();
    cases.put("linear w", new Case(linear, new long[][] {s(3, 4), s(5, 4), s(5)}, 1, s(4, 5)));
    cases.put("linear b", new Case(linear, new long[][] {s(3, 4), s(5, 4), s(5)}, 2, s(3)));
    Call linearBack = (e, in) -> close(e.linearBackward(in[0], in[1], in[2], true, in[3], in[4]));
    long[][] linearBackward = {s(3, 5), s(3, 4), s(5, 4), s(5, 4), s(5)};
    cases.put("linearBackward gy", new Case(linearBack, linearBackward, 0, s(5, 3)));
    cases.put("linearBackward gw", new Case(linearBack, linearBackward, 3, s(4, 5)));
    cases.put("linearBackward gb", new Case(linearBack, linearBackward, 4, s(4)));
    Call group = (e, in) -> close(e.groupNorm(in[0], in[1], in[2], in[3], norm, true));
    long[][] groupNorm = {x, s(4), s(4), s(2, 8)};
    cases.put("groupNorm gamma", new Case(group, groupNorm, 1, s(2)));
    cases.put("groupNorm beta", new Case(group, groupNorm, 2, s(8)));
    cases.put("groupNorm scaleShift", new Case(group, groupNorm, 3, s(2, 4)));
    Call groupBack =
        (e, in) -> {
          Result forward = e.groupNorm(in[1], in[2], in[3], in[4], norm, true);
          try {
            Tensor[] g =
                e.groupNormBackward(in[0], in[1], in[2], in[3], in[4], norm, forward, in[5], in[6]);
            close(g[0]);
            close(g[1]);
          } finally {
            close(forward);
          }
        };
    long[][] groupBackward = {x, x, s(4), s(4), s(2, 8), s(4), s(4)};
    cases.put("groupNormBackward gy", new Case(groupBack, groupBackward, 0, s(2, 4, 8, 6)));
    cases.put("groupNormBackward gGamma", new Case(groupBack, groupBackward, 5, s(1)));
    cases.put("groupNormBackward gBeta", new Case(groupBack, groupBackward, 6, s(2)));
    Call siluBack = (e, in) -> e.siluBackward(in[0], in[1]).close();
    cases.put("siluBackward", new Case(siluBack, new long[][] {x, x}, 0, s(2, 4, 1, 8)));
    Call add = (e, in) -> e.addChannels(in[0], in[1]).close();
    cases.put("addChannels", new Case(add, new long[][] {x, s(2, 4)}, 1, s(1, 4)));
    Call sum = (e, in) -> e.sumChannels(in[0]).close();
    cases.put("sumChannels", new Case(sum, new long[][] {x}, 0, s(2, 4)));
    Call multiply = (e, in) -> e.multiply(in[0], in[1]).close();
    cases.put("multiply", new Case(multiply, new long[][] {x, x}, 1, s(1, 4, 6, 8)));
    Call down = (e, in) -> e.downsample(in[0], filter, 1, 1).close();
    cases.put("downsample", new Case(down, new long[][] {x}, 0, s(2, 4, 5, 8)));
    Call up = (e, in) -> e.upsample(in[0], filter, 2, 1).close();
    cases.put("upsample", new Case(up, new long[][] {x}, 0, s(2, 4, 1, 1)));
    Call attention = (e, in) -> close(e.attention(in[0], 2, true));
    cases.put("attention", new Case(attention, new long[][] {s(2, 12, 2, 2)}, 0, s(2, 9, 2, 2)));
    Call attentionBack =
        (e, in) -> {
          Result forward = e.attention(in[1], 2, true);
          try {
            e.attentionBackward(in[0], in[1], 2, forward).close();
          } finally {
            close(forward);
          }
        };
    long[][] attentionBackward = {s(2, 4, 2, 3), s(2, 12, 2, 3)};
    cases.put("attentionBackward", new Case(attentionBack, attentionBackward, 0, s(2, 4, 3, 2)));
    Call concat = (e, in) -> e.concatChannels(in[0], in[1]).close();
    cases.put("concatChannels", new Case(concat, new long[][] {x, x}, 1, s(2, 4, 8, 6)));
    Call slice = (e, in) -> e.sliceChannels(in[0], 2, 4).close();
    cases.put("sliceChannels", new Case(slice, new long[][] {x}, 0, s(2, 3, 6, 8)));
    Call addScaled = (e, in) -> e.addScaled(in[0], in[1], 2).close();
    cases.put("addScaled", new Case(addScaled, new long[][] {x, x}, 1, s(2, 4, 6, 1)));
    Call combine =
        (e, in) -> e.combine(in[0], new double[] {1, 2}, in[1], new double[] {3, 4}).close();
    cases.put("combine", new Case(combine, new long[][] {x, x}, 1, s(2, 4, 6, 7)));
    cases.put("combine factors", new Case(combine, new long[][] {x, x}, 0, s(3, 4, 6, 8)));
    Call distances = (e, in) -> e.squaredDistances(in[0], in[1]);
    cases.put("squaredDistances", new Case(distances, new long[][] {x, x}, 1, s(2, 4, 8, 6)));
    Call accumulate = (e, in) -> e.accumulate(in[0], 1, in[1]);
    cases.put("accumulate", new Case(accumulate, new long[][] {s(7), s(7)}, 1, s(1)));
    Call average = (e, in) -> e.movingAverage(in[0], in[1], 0.5);
    cases.put("movingAverage", new Case(average, new long[][] {s(7), s(7)}, 1, s(8)));
    Call update = (e, in) -> e.adamUpdate(in[0], in[1], in[2], in[3], adam);
    for (int i = 1; i < 4; i++) {
      cases.put(
          "adamUpdate " + i, new Case(update, new long[][] {s(7), s(7), s(7), s(7)}, i, s(6)));
    }
    // these take every shape; only their tensors can be wrong
    Call silu = (e, in) -> e.silu(in[0]).close();
    cases.put("silu", new Case(silu, new long[][] {x}, 0, null));
    Call scale = (e, in) -> e.scale(in[0], 2).close();
    cases.put("scale", new Case(scale, new long[][] {x}, 0, null));
    Call rows = (e, in) -> e.rows(in[0], 1).close();
    cases.put("rows", new Case(rows, new long[][] {x}, 0, null));
    Call view = (e, in) -> e.view(in[0], 1, 2, 3).close();
    cases.put("view", new Case(view, new long[][] {s(20)}, 0, s(4, 5)));
    Call replace = (e, in) -> e.replaceNonFinite(in[0], 0, 1, -1);
    cases.put("replaceNonFinite", new Case(replace, new long[][] {x}, 0, null));
    Call clear = (e, in) -> e.clear(in[0]);
    cases.put("clear", new Case(clear, new long[][] {x}, 0, null));
    return cases;
  }

  private List<Tensor> inputs(Case c, boolean wrong) {
    List<Tensor> in = new ArrayList<>();
    for (int i = 0; i < c.shapes.length; i++) {
      long[] shape = wrong && i == c.wrongIndex ? c.wrong : c.shapes[i];
      float[] values = new float[(int) KernelShapes.elements(shape)];
      Arrays.fill(values, 0.5f);
      in.add(engine().create(values, shape));
    }
    return in;
  }

  @Test
  default void shapesThatDoNotFitAreRefusedByName() {
    cases()
        .forEach(
            (name, c) -> {
              if (c.wrong != null) {
                List<Tensor> in = inputs(c, true);
                IllegalArgumentException e =
                    assertThrows(
                        IllegalArgumentException.class,
                        () -> c.call.run(engine(), in.toArray(Tensor[]::new)),
                        name);
                String message = String.valueOf(e.getMessage());
                assertTrue(message.contains(name.replaceAll(" .*|Backward", "")), message);
                assertTrue(namesBoth(message, c), name + ": " + message);
                in.forEach(
                    t -> {
                      for (float v : t.toArray()) {
                        assertEquals(0.5f, v, name + " changed an argument");
                      }
                      t.close();
                    });
                assertEquals(0, engine().openTensors(), name);
              }
            });
  }

  /** The wrong shape, or its channels, and what would have fitted. */
  private static boolean namesBoth(String message, Case c) {
    String found = Arrays.toString(c.wrong);
    boolean wrong = message.contains(found) || message.contains(c.wrong[1] + " channels");
    boolean right =
        message.contains("expected")
            || message.contains("divide into")
            || message.contains("do not halve with a filter of 4 taps and padding 1")
            || message.contains("padding 2 leaves nothing")
            || message.contains("channels 2 to 4");
    return wrong && right;
  }

  @Test
  default void shapesThatFitAreTaken() {
    cases()
        .forEach(
            (name, c) -> {
              List<Tensor> in = inputs(c, false);
              c.call.run(engine(), in.toArray(Tensor[]::new));
              in.forEach(Tensor::close);
              assertEquals(0, engine().openTensors(), name);
            });
  }

  @Test
  default void closedTensorsAreRefused() {
    eachArgument(
        (name, c, i) -> {
          List<Tensor> in = inputs(c, false);
          in.get(i).close();
          assertThrows(
              IllegalStateException.class,
              () -> c.call.run(engine(), in.toArray(Tensor[]::new)),
              name + ", argument " + i);
          in.forEach(Tensor::close);
        });
  }

  @Test
  default void tensorsOfAnotherEngineAreRefused() {
    ReferenceEngine other = new ReferenceEngine();
    eachArgument(
        (name, c, i) -> {
          List<Tensor> in = inputs(c, false);
          Tensor own = in.get(i);
          in.set(i, other.create(own.toArray(), own.shape()));
          own.close();
          assertThrows(
              IllegalArgumentException.class,
              () -> c.call.run(engine(), in.toArray(Tensor[]::new)),
              name + ", argument " + i);
          in.forEach(Tensor::close);
        });
    assertEquals(0, other.openTensors());
  }

  /** Something to try on every argument of every kernel. */
  interface Trial {
    void run(String name, Case c, int argument);
  }

  private void eachArgument(Trial trial) {
    cases()
        .forEach(
            (name, c) -> {
              for (int i = 0; i < c.shapes.length; i++) {
                trial.run(name, c, i);
                assertEquals(0, engine().openTensors(), name + ", argument " + i);
              }
            });
  }

  @Test
  default void imagesSmallerThanTheKernelAreRefused() {
    try (Tensor x = engine().zeros(1, 1, 2, 5);
        Tensor w = engine().zeros(1, 1, 3, 3)) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> engine().conv2d(x, w, null, 0).close());
      assertTrue(e.getMessage().contains("[1, 1, 2, 5]"), e.getMessage());
      assertTrue(e.getMessage().contains("[1, 1, 3, 3]"), e.getMessage());
      assertArrayEquals(s(1, 1, 2, 5), x.shape());
    }
  }
}

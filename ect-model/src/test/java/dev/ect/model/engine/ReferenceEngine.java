package dev.ect.model.engine;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Every kernel in plain Java and double precision: what the other engines are measured by. */
public final class ReferenceEngine implements Engine {
  private long open;

  void opened() {
    open++;
  }

  void freed() {
    open--;
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String device() {
    return "cpu, 1 thread";
  }

  @Override
  public Precision precision() {
    return Precision.FLOAT32;
  }

  @Override
  public long openTensors() {
    return open;
  }

  @Override
  public void close() {}

  static double sigmoid(double v) {
    return 1 / (1 + Math.exp(-v));
  }

  /** The derivative of {@code v * sigmoid(v)}. */
  static double siluSlope(double v) {
    double s = sigmoid(v);
    return s * (1 + v * (1 - s));
  }

  private ReferenceTensor in(Tensor t) {
    if (t == null) {
      return null;
    }
    t.requireOpen();
    if (t instanceof ReferenceTensor r && r.engine == this) {
      return r;
    }
    throw new IllegalArgumentException(
        t + " is a tensor of another engine; expected one of this reference engine");
  }

  private ReferenceTensor make(long[] shape, IntToDoubleFunction value) {
    ReferenceTensor y = new ReferenceTensor(this, shape);
    for (int i = 0; i < y.count(); i++) {
      y.set(i, value.applyAsDouble(i));
    }
    return y;
  }

  private static void change(ReferenceTensor x, IntToDoubleFunction value) {
    for (int i = 0; i < x.count(); i++) {
      x.set(i, value.applyAsDouble(i));
    }
  }

  // ---- tensors ----

  @Override
  public Tensor zeros(long... shape) {
    return new ReferenceTensor(this, shape);
  }

  @Override
  public Tensor create(FloatBuffer values, long... shape) {
    KernelShapes.create(values.remaining(), shape);
    Tensor t = zeros(shape);
    t.write(0, values);
    return t;
  }

  @Override
  public Tensor view(Tensor vector, long offset, long... shape) {
    ReferenceTensor v = in(vector);
    KernelShapes.view(vector, offset, shape);
    return new ReferenceTensor(v, Math.toIntExact(offset), shape);
  }

  @Override
  public Tensor rows(Tensor x, int... rows) {
    ReferenceTensor a = in(x);
    for (int row : rows) {
      if (row < 0 || row >= a.size(0)) {
        throw new IllegalArgumentException("rows: row " + row + " of " + x);
      }
    }
    long[] shape = x.shape();
    shape[0] = rows.length;
    int each = (int) (KernelShapes.elements(shape) / Math.max(1, rows.length));
    return make(shape, i -> a.get(rows[i / each] * each + i % each));
  }

  // ---- layers ----

  @Override
  public Tensor conv2d(Tensor x, Tensor w, Tensor b, int padding) {
    long[] shape = KernelShapes.conv2d(x, w, b, padding);
    return ReferenceConvolution.forward(in(x), in(w), in(b), padding, shape);
  }

  @Override
  public Tensor conv2dBackward(
      Tensor gy, Tensor x, Tensor w, int padding, boolean needInput, Tensor gw, Tensor gb) {
    KernelShapes.shape(
        "conv2dBackward", "the gradient", gy, KernelShapes.conv2d(x, w, null, padding));
    if (gw != null) {
      KernelShapes.same("conv2dBackward", w, gw);
    }
    if (gb != null) {
      KernelShapes.shape("conv2dBackward", "the gradient of the bias", gb, w.size(0));
    }
    if (gw != null) {
      ReferenceConvolution.weightGradient(in(gy), in(x), padding, in(gw));
    }
    if (gb != null) {
      ReferenceConvolution.biasGradient(in(gy), in(gb));
    }
    return needInput ? ReferenceConvolution.inputGradient(in(gy), in(x), in(w), padding) : null;
  }

  /** A matrix product is a 1x1 convolution of 1x1 images. */
  private static ReferenceTensor image(ReferenceTensor t) {
    return new ReferenceTensor(t, 0, t.size(0), t.size(1), 1, 1);
  }

  @Override
  public Tensor linear(Tensor x, Tensor w, Tensor b) {
    long[] shape = KernelShapes.linear(x, w, b);
    try (ReferenceTensor xs = image(in(x));
        ReferenceTensor ws = image(in(w));
        ReferenceTensor y =
            ReferenceConvolution.forward(xs, ws, in(b), 0, new long[] {shape[0], shape[1], 1, 1})) {
      return make(shape, y::get);
    }
  }

  @Override
  public Tensor linearBackward(
      Tensor gy, Tensor x, Tensor w, boolean needInput, Tensor gw, Tensor gb) {
    KernelShapes.shape("linearBackward", "the gradient", gy, KernelShapes.linear(x, w, null));
    if (gw != null) {
      KernelShapes.same("linearBackward", w, gw);
    }
    if (gb != null) {
      KernelShapes.shape("linearBackward", "the gradient of the bias", gb, w.size(0));
    }
    try (ReferenceTensor gys = image(in(gy));
        ReferenceTensor xs = image(in(x));
        ReferenceTensor ws = image(in(w));
        ReferenceTensor gws = gw == null ? null : image(in(gw));
        Tensor gx = conv2dBackward(gys, xs, ws, 0, needInput, gws, gb)) {
      return needInput ? make(x.shape(), in(gx)::get) : null;
    }
  }

  @Override
  public Result groupNorm(
      Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm, boolean save) {
    KernelShapes.groupNorm(x, gamma, beta, scaleShift, norm);
    ReferenceNorm kernel = new ReferenceNorm(in(x), in(gamma), in(beta), in(scaleShift), norm);
    ReferenceTensor statistics = kernel.statistics();
    return result(kernel.output(statistics), statistics, save);
  }

  private static Result result(Tensor output, Tensor saved, boolean save) {
    if (save) {
      return new Result(output, List.of(saved));
    }
    saved.close();
    return new Result(output, List.of());
  }

  @Override
  public Tensor[] groupNormBackward(
      Tensor gy,
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor scaleShift,
      GroupNorm norm,
      Result forward,
      Tensor gGamma,
      Tensor gBeta) {
    KernelShapes.groupNorm(x, gamma, beta, scaleShift, norm);
    KernelShapes.same("groupNormBackward", x, gy);
    for (Tensor g : new Tensor[] {gGamma, gBeta}) {
      if (g != null) {
        KernelShapes.same("groupNormBackward", gamma, g);
      }
    }
    return new ReferenceNorm(in(x), in(gamma), in(beta), in(scaleShift), norm)
        .backward(in(gy), in(forward.saved().get(0)), in(gGamma), in(gBeta));
  }

  @Override
  public Tensor silu(Tensor x) {
    ReferenceTensor a = in(x);
    return make(x.shape(), i -> a.get(i) * sigmoid(a.get(i)));
  }

  @Override
  public Tensor siluBackward(Tensor gy, Tensor x) {
    KernelShapes.same("siluBackward", x, gy);
    ReferenceTensor a = in(x);
    ReferenceTensor g = in(gy);
    return make(x.shape(), i -> g.get(i) * siluSlope(a.get(i)));
  }

  @Override
  public Tensor addChannels(Tensor x, Tensor p) {
    KernelShapes.rank("addChannels", x, 4);
    KernelShapes.shape("addChannels", "the channels' values", p, x.size(0), x.size(1));
    ReferenceTensor a = in(x);
    ReferenceTensor b = in(p);
    int plane = a.dim(2) * a.dim(3);
    return make(x.shape(), i -> a.get(i) + b.get(i / plane));
  }

  @Override
  public Tensor sumChannels(Tensor x) {
    KernelShapes.rank("sumChannels", x, 4);
    ReferenceTensor a = in(x);
    ReferenceTensor sums = new ReferenceTensor(this, x.size(0), x.size(1));
    int plane = a.dim(2) * a.dim(3);
    for (int i = 0; i < a.count(); i++) {
      sums.add(i / plane, a.get(i));
    }
    return sums;
  }

  @Override
  public Tensor dropoutMask(double p, long[] keys, long... shape) {
    KernelShapes.dropoutMask(keys, shape);
    int each = (int) (KernelShapes.elements(shape) / Math.max(1, keys.length));
    return create(DropoutMask.of(keys, p, each), shape);
  }

  @Override
  public Tensor multiply(Tensor a, Tensor b) {
    KernelShapes.same("multiply", a, b);
    ReferenceTensor x = in(a);
    ReferenceTensor y = in(b);
    return make(a.shape(), i -> x.get(i) * y.get(i));
  }

  @Override
  public Tensor downsample(Tensor x, double[] filter, int padding, double gain) {
    return ReferenceConvolution.downsample(
        in(x), filter, padding, gain, KernelShapes.downsample(x, filter, padding));
  }

  @Override
  public Tensor upsample(Tensor x, double[] filter, int padding, double gain) {
    return ReferenceConvolution.upsample(
        in(x), filter, padding, gain, KernelShapes.upsample(x, filter, padding));
  }

  @Override
  public Result attention(Tensor qkv, int heads, boolean save) {
    long[] shape = KernelShapes.attention(qkv, heads);
    ReferenceAttention kernel = new ReferenceAttention(in(qkv), heads);
    ReferenceTensor weights = kernel.weights();
    return result(kernel.output(weights, shape), weights, save);
  }

  @Override
  public Tensor attentionBackward(Tensor gy, Tensor qkv, int heads, Result forward) {
    KernelShapes.shape("attentionBackward", "the gradient", gy, KernelShapes.attention(qkv, heads));
    return new ReferenceAttention(in(qkv), heads).backward(in(gy), in(forward.saved().get(0)));
  }

  @Override
  public Tensor concatChannels(Tensor a, Tensor b) {
    long[] shape = KernelShapes.concatChannels(a, b);
    ReferenceTensor x = in(a);
    ReferenceTensor y = in(b);
    int first = x.count() / x.dim(0);
    int second = y.count() / y.dim(0);
    return make(
        shape,
        i -> {
          int n = i / (first + second);
          int at = i % (first + second);
          return at < first ? x.get(n * first + at) : y.get(n * second + at - first);
        });
  }

  @Override
  public Tensor sliceChannels(Tensor x, long from, long to) {
    long[] shape = KernelShapes.sliceChannels(x, from, to);
    ReferenceTensor a = in(x);
    int plane = a.dim(2) * a.dim(3);
    int each = (int) (to - from) * plane;
    return make(shape, i -> a.get((i / each * a.dim(1) + (int) from) * plane + i % each));
  }

  @Override
  public Tensor addScaled(Tensor a, Tensor b, double scale) {
    KernelShapes.same("addScaled", a, b);
    ReferenceTensor x = in(a);
    ReferenceTensor y = in(b);
    return make(a.shape(), i -> (x.get(i) + y.get(i)) * scale);
  }

  @Override
  public Tensor scale(Tensor x, double scale) {
    ReferenceTensor a = in(x);
    return make(x.shape(), i -> a.get(i) * scale);
  }

  @Override
  public Tensor combine(Tensor x, double[] a, Tensor y, double[] b) {
    KernelShapes.combine(x, a, y, b);
    ReferenceTensor first = in(x);
    ReferenceTensor second = in(y);
    int each = first.count() / first.dim(0);
    return make(
        x.shape(),
        i -> a[i / each] * first.get(i) + (second == null ? 0 : b[i / each] * second.get(i)));
  }

  // ---- losses and state vectors ----

  @Override
  public double[] squaredDistances(Tensor a, Tensor b) {
    KernelShapes.same("squaredDistances", a, b);
    ReferenceTensor x = in(a);
    ReferenceTensor y = in(b);
    double[] sums = new double[x.dim(0)];
    for (int i = 0; i < x.count(); i++) {
      double d = x.get(i) - y.get(i);
      sums[i / (x.count() / sums.length)] += d * d;
    }
    return sums;
  }

  @Override
  public void replaceNonFinite(Tensor x, float nan, float plus, float minus) {
    ReferenceTensor a = in(x);
    change(
        a,
        i -> {
          double v = a.get(i);
          return Double.isNaN(v) ? nan : Double.isInfinite(v) ? v > 0 ? plus : minus : v;
        });
  }

  @Override
  public void accumulate(Tensor target, double scale, Tensor source) {
    KernelShapes.same("accumulate", target, source);
    ReferenceTensor t = in(target);
    ReferenceTensor s = in(source);
    change(t, i -> (scale == 0 ? 0 : scale * t.get(i)) + s.get(i));
  }

  @Override
  public void clear(Tensor x) {
    change(in(x), i -> 0);
  }

  @Override
  public void movingAverage(Tensor average, Tensor net, double beta) {
    KernelShapes.same("movingAverage", average, net);
    ReferenceTensor a = in(average);
    ReferenceTensor n = in(net);
    change(a, i -> n.get(i) + beta * (a.get(i) - n.get(i)));
  }

  @Override
  public void adamUpdate(Tensor w, Tensor g, Tensor m, Tensor v, AdamUpdate update) {
    for (Tensor t : new Tensor[] {g, m, v}) {
      KernelShapes.same("adamUpdate", w, t);
    }
    ReferenceTensor weights = in(w);
    ReferenceTensor gradient = in(g);
    ReferenceTensor first = in(m);
    ReferenceTensor second = in(v);
    change(first, i -> update.beta1() * first.get(i) + (1 - update.beta1()) * gradient.get(i));
    change(
        second,
        i ->
            update.beta2() * second.get(i)
                + (1 - update.beta2()) * gradient.get(i) * gradient.get(i));
    change(
        weights,
        i -> {
          double divisor =
              update.vScale() == 0 ? 1 : Math.sqrt(second.get(i)) * update.vScale() + update.eps();
          return weights.get(i) - update.step() * first.get(i) / divisor;
        });
  }
}

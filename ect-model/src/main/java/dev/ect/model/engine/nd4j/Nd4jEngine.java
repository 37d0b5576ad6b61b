package dev.ect.model.engine.nd4j;

import dev.ect.model.engine.AdamUpdate;
import dev.ect.model.engine.DropoutMask;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.KernelShapes;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The kernels in ND4J operations, float32, images row-major as {@code [N, C, H, W]}.
 *
 * <p>The number of threads is a setting of the native library, so of the whole process: the engine
 * opened last decides. Kernels may be called from several threads in turn, not at once.
 */
final class Nd4jEngine implements Engine {
  static final String NAME = "nd4j";

  private final Nd4jDevice device;
  private final Nd4jMemory memory = new Nd4jMemory();
  private long openTensors;
  private Thread lastThread;

  Nd4jEngine(Nd4jDevice device) {
    this.device = device;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String device() {
    return device.description();
  }

  @Override
  public Precision precision() {
    return Precision.FLOAT32;
  }

  @Override
  public long openTensors() {
    return openTensors;
  }

  @Override
  public void close() {
    memory.close();
  }

  @Override
  public void synchronize() {
    Nd4jDevice.synchronize();
  }

  // ---- for the classes beside this one ----

  Nd4jMemory memory() {
    return memory;
  }

  /** One of this engine's tensors less. */
  void freed() {
    openTensors--;
  }

  /** A tensor with whatever the memory held. */
  Nd4jTensor uninitialized(long... shape) {
    for (long size : shape) {
      if (size < 1) {
        throw new IllegalArgumentException(
            "found shape " + Arrays.toString(shape) + "; expected sizes of at least 1");
      }
    }
    INDArray flat = memory.take(KernelShapes.elements(shape));
    openTensors++;
    return new Nd4jTensor(this, flat, null, shape);
  }

  /** A tensor with a copy of an array's values. */
  Nd4jTensor copy(INDArray values, long... shape) {
    Nd4jTensor copy = uninitialized(shape);
    copy.flat().assign(values.reshape(values.length()));
    return copy;
  }

  /**
   * @throws IllegalArgumentException if the tensor is another engine's
   */
  Nd4jTensor own(Tensor tensor) {
    if (tensor == null) {
      return null;
    }
    tensor.requireOpen();
    if (tensor instanceof Nd4jTensor t && t.engine() == this) {
      return t;
    }
    throw new IllegalArgumentException(
        "found " + tensor + " of another engine; expected a tensor of this nd4j engine");
  }

  private Nd4jScratch scratch() {
    Thread thread = Thread.currentThread();
    if (thread != lastThread) {
      device.enterThread();
      lastThread = thread;
    }
    return new Nd4jScratch(memory);
  }

  // ---- tensors ----

  @Override
  public Tensor zeros(long... shape) {
    Nd4jTensor x = uninitialized(shape);
    x.flat().assign(0);
    return x;
  }

  @Override
  public Tensor create(FloatBuffer values, long... shape) {
    KernelShapes.create(values.remaining(), shape);
    Nd4jTensor x = uninitialized(shape);
    x.write(0, values);
    return x;
  }

  @Override
  public Tensor view(Tensor vector, long offset, long... shape) {
    KernelShapes.view(vector, offset, shape);
    Nd4jTensor whole = own(vector);
    openTensors++;
    return new Nd4jTensor(this, whole.part(offset, KernelShapes.elements(shape)), whole, shape);
  }

  @Override
  public Tensor rows(Tensor x, int... rows) {
    Nd4jTensor source = own(x);
    for (int row : rows) {
      if (row < 0 || row >= x.size(0)) {
        throw new IllegalArgumentException(
            "rows: row " + row + " of " + x + "; expected 0 to " + (x.size(0) - 1));
      }
    }
    long[] shape = x.shape();
    shape[0] = rows.length;
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(shape);
      long[] arguments = new long[rows.length + 1];
      Arrays.setAll(arguments, i -> i == 0 ? 0 : rows[i - 1]);
      long length = x.elements() / x.size(0);
      // ND4J drops the axis of a single row.
      INDArray gathered = rows.length == 1 ? y.flat() : y.as(rows.length, length);
      Nd4jOps.exec(
          "gather", Nd4jOps.list(source.as(x.size(0), length)), Nd4jOps.list(gathered), arguments);
      return y;
    }
  }

  // ---- layers ----

  @Override
  public Tensor conv2d(Tensor x, Tensor w, Tensor b, int padding) {
    long[] shape = KernelShapes.conv2d(x, w, b, padding);
    Nd4jTensor input = own(x);
    Nd4jTensor weight = own(w);
    Nd4jTensor bias = own(b);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(shape);
      INDArray xs = input.as(x.shape());
      INDArray ws = weight.as(w.shape());
      Nd4jOps.exec(
          "conv2d",
          bias == null ? Nd4jOps.list(xs, ws) : Nd4jOps.list(xs, ws, bias.flat()),
          Nd4jOps.list(y.as(shape)),
          convolution(w, padding));
      return y;
    }
  }

  /**
   * Kernel, stride, padding, dilation, explicit padding, NCHW, weights as {@code [Cout, Cin, k,
   * k]}.
   */
  private static long[] convolution(Tensor w, int padding) {
    return new long[] {w.size(2), w.size(3), 1, 1, padding, padding, 1, 1, 0, 0, 1};
  }

  @Override
  public Tensor conv2dBackward(
      Tensor gy, Tensor x, Tensor w, int padding, boolean needInput, Tensor gw, Tensor gb) {
    KernelShapes.shape(
        "conv2dBackward", "the gradient", gy, KernelShapes.conv2d(x, w, gb, padding));
    if (gw != null) {
      KernelShapes.same("conv2dBackward", w, gw);
    }
    Nd4jTensor gOutput = own(gy);
    Nd4jTensor gWeight = own(gw);
    Nd4jTensor gBias = own(gb);
    INDArray xs = own(x).as(x.shape());
    INDArray ws = own(w).as(w.shape());
    try (Nd4jScratch scratch = scratch()) {
      if (gBias != null) {
        gBias.flat().addi(channelSums(scratch, gOutput).reshape(w.size(0)));
      }
      if (!needInput && gWeight == null) {
        return null;
      }
      Nd4jTensor gx = uninitialized(x.shape());
      INDArray sum = scratch.take(1, w.elements());
      Nd4jOps.exec(
          "conv2d_bp",
          Nd4jOps.list(xs, ws, gOutput.as(gy.shape())),
          Nd4jOps.list(gx.as(x.shape()), sum.reshape(w.shape())),
          convolution(w, padding));
      if (gWeight != null) {
        gWeight.flat().addi(sum.reshape(w.elements()));
      }
      if (needInput) {
        return gx;
      }
      gx.close();
      return null;
    }
  }

  /** {@code [1, C]}: the sums over images and positions. */
  private INDArray channelSums(Nd4jScratch scratch, Nd4jTensor x) {
    long planes = x.size(0) * x.size(1);
    INDArray sums =
        Nd4jOps.sumRows(
            memory, x.as(planes, x.elements() / planes), scratch.take(x.size(0), x.size(1)));
    return Nd4jOps.sumColumns(memory, sums, scratch.take(1, x.size(1)));
  }

  @Override
  public Tensor linear(Tensor x, Tensor w, Tensor b) {
    long[] shape = KernelShapes.linear(x, w, b);
    Nd4jTensor input = own(x);
    Nd4jTensor weight = own(w);
    Nd4jTensor bias = own(b);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(shape);
      INDArray product = bias == null ? y.as(shape) : scratch.take(shape[0], shape[1]);
      Nd4jOps.matmul(input.as(x.shape()), false, weight.as(w.shape()), true, product);
      if (bias != null) {
        Nd4jOps.add(product, bias.as(1, shape[1]), y.as(shape));
      }
      return y;
    }
  }

  @Override
  public Tensor linearBackward(
      Tensor gy, Tensor x, Tensor w, boolean needInput, Tensor gw, Tensor gb) {
    KernelShapes.shape("linearBackward", "the gradient", gy, KernelShapes.linear(x, w, gb));
    if (gw != null) {
      KernelShapes.same("linearBackward", w, gw);
    }
    INDArray gOutput = own(gy).as(gy.shape());
    INDArray xs = own(x).as(x.shape());
    INDArray ws = own(w).as(w.shape());
    Nd4jTensor gWeight = own(gw);
    Nd4jTensor gBias = own(gb);
    try (Nd4jScratch scratch = scratch()) {
      if (gWeight != null) {
        gWeight
            .as(w.shape())
            .addi(Nd4jOps.matmul(gOutput, true, xs, false, scratch.take(w.size(0), w.size(1))));
      }
      if (gBias != null) {
        gBias
            .flat()
            .addi(
                Nd4jOps.sumColumns(memory, gOutput, scratch.take(1, w.size(0))).reshape(w.size(0)));
      }
      if (!needInput) {
        return null;
      }
      Nd4jTensor gx = uninitialized(x.shape());
      Nd4jOps.matmul(gOutput, false, ws, false, gx.as(x.shape()));
      return gx;
    }
  }

  @Override
  public Result groupNorm(
      Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm, boolean save) {
    KernelShapes.groupNorm(x, gamma, beta, scaleShift, norm);
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      return new Nd4jGroupNorm(this, scratch, input, own(gamma), own(beta), own(scaleShift), norm)
          .forward(input, save);
    }
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
    KernelShapes.shape("groupNormBackward", "the gradient", gy, x.shape());
    if (gGamma != null) {
      KernelShapes.shape("groupNormBackward", "gamma's gradient", gGamma, x.size(1));
    }
    if (gBeta != null) {
      KernelShapes.shape("groupNormBackward", "beta's gradient", gBeta, x.size(1));
    }
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      return new Nd4jGroupNorm(this, scratch, input, own(gamma), own(beta), own(scaleShift), norm)
          .backward(own(gy), input, forward.saved(), own(gGamma), own(gBeta));
    }
  }

  @Override
  public Tensor silu(Tensor x) {
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      // With h = x/2: x * sigmoid(x) = h + h tanh(h).
      Nd4jTensor y = uninitialized(x.shape());
      INDArray t = scratch.take(1, x.elements()).reshape(x.elements());
      input.flat().mul(0.5, y.flat());
      Nd4jOps.tanh(y.flat(), t);
      y.flat().addi(t.muli(y.flat()));
      return y;
    }
  }

  @Override
  public Tensor siluBackward(Tensor gy, Tensor x) {
    KernelShapes.same("siluBackward", x, gy);
    Nd4jTensor input = own(x);
    Nd4jTensor gOutput = own(gy);
    try (Nd4jScratch scratch = scratch()) {
      // The derivative in x is (1 + t + h - h t^2) / 2.
      Nd4jTensor gx = uninitialized(x.shape());
      INDArray t = scratch.take(1, x.elements()).reshape(x.elements());
      INDArray product = scratch.take(1, x.elements()).reshape(x.elements());
      INDArray h = gx.flat();
      input.flat().mul(0.5, h);
      Nd4jOps.tanh(h, t);
      h.mul(t, product).muli(t);
      h.addi(t).subi(product).addi(1).muli(gOutput.flat()).muli(0.5);
      return gx;
    }
  }

  @Override
  public Tensor addChannels(Tensor x, Tensor p) {
    KernelShapes.rank("addChannels", x, 4);
    KernelShapes.shape("addChannels", "p", p, x.size(0), x.size(1));
    Nd4jTensor input = own(x);
    Nd4jTensor added = own(p);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(x.shape());
      long area = x.size(2) * x.size(3);
      Nd4jOps.add(
          input.as(p.elements(), area), added.as(p.elements(), 1), y.as(p.elements(), area));
      return y;
    }
  }

  @Override
  public Tensor sumChannels(Tensor x) {
    KernelShapes.rank("sumChannels", x, 4);
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(x.size(0), x.size(1));
      Nd4jOps.sumRows(memory, input.as(y.elements(), x.size(2) * x.size(3)), y.as(y.elements(), 1));
      return y;
    }
  }

  @Override
  public Tensor dropoutMask(double p, long[] keys, long... shape) {
    KernelShapes.dropoutMask(keys, shape);
    int length = Math.toIntExact(KernelShapes.elements(shape) / keys.length);
    DropoutMask.threshold(p);
    Nd4jTensor mask = uninitialized(shape);
    float[] values = new float[Math.multiplyExact(keys.length, length)];
    IntStream images = IntStream.range(0, keys.length);
    (device.threads() > 1 ? images.parallel() : images)
        .forEach(n -> DropoutMask.fill(keys[n], p, values, n * length, length));
    mask.write(0, FloatBuffer.wrap(values));
    return mask;
  }

  @Override
  public Tensor multiply(Tensor a, Tensor b) {
    KernelShapes.same("multiply", a, b);
    Nd4jTensor left = own(a);
    Nd4jTensor right = own(b);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(a.shape());
      left.flat().mul(right.flat(), y.flat());
      return y;
    }
  }

  @Override
  public Tensor downsample(Tensor x, double[] filter, int padding, double gain) {
    long[] shape = KernelShapes.downsample(x, filter, padding);
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      return new Nd4jResampling(this, scratch, filter, padding, gain).downsample(input, shape);
    }
  }

  @Override
  public Tensor upsample(Tensor x, double[] filter, int padding, double gain) {
    long[] shape = KernelShapes.upsample(x, filter, padding);
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      return new Nd4jResampling(this, scratch, filter, padding, gain).upsample(input, shape);
    }
  }

  @Override
  public Result attention(Tensor qkv, int heads, boolean save) {
    long[] shape = KernelShapes.attention(qkv, heads);
    Nd4jTensor input = own(qkv);
    try (Nd4jScratch scratch = scratch()) {
      return new Nd4jAttention(this, scratch, input, heads, shape).forward(save);
    }
  }

  @Override
  public Tensor attentionBackward(Tensor gy, Tensor qkv, int heads, Result forward) {
    long[] shape = KernelShapes.attention(qkv, heads);
    KernelShapes.shape("attentionBackward", "the gradient", gy, shape);
    Nd4jTensor input = own(qkv);
    try (Nd4jScratch scratch = scratch()) {
      return new Nd4jAttention(this, scratch, input, heads, shape)
          .backward(own(gy), own(forward.saved().get(0)));
    }
  }

  @Override
  public Tensor concatChannels(Tensor a, Tensor b) {
    long[] shape = KernelShapes.concatChannels(a, b);
    Nd4jTensor left = own(a);
    Nd4jTensor right = own(b);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(shape);
      long n = shape[0];
      Nd4jOps.exec(
          "concat",
          Nd4jOps.list(left.as(n, a.elements() / n), right.as(n, b.elements() / n)),
          Nd4jOps.list(y.as(n, y.elements() / n)),
          1);
      return y;
    }
  }

  @Override
  public Tensor sliceChannels(Tensor x, long from, long to) {
    long[] shape = KernelShapes.sliceChannels(x, from, to);
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(shape);
      long n = shape[0];
      long area = shape[2] * shape[3];
      Nd4jOps.exec(
          "slice",
          Nd4jOps.list(input.as(n, x.size(1) * area)),
          Nd4jOps.list(y.as(n, shape[1] * area)),
          0,
          from * area,
          n,
          shape[1] * area);
      return y;
    }
  }

  @Override
  public Tensor addScaled(Tensor a, Tensor b, double scale) {
    KernelShapes.same("addScaled", a, b);
    Nd4jTensor left = own(a);
    Nd4jTensor right = own(b);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(a.shape());
      left.flat().add(right.flat(), y.flat());
      if (scale != 1) {
        y.flat().muli(scale);
      }
      return y;
    }
  }

  @Override
  public Tensor scale(Tensor x, double scale) {
    Nd4jTensor input = own(x);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor y = uninitialized(x.shape());
      input.flat().mul(scale, y.flat());
      return y;
    }
  }

  @Override
  public Tensor combine(Tensor x, double[] a, Tensor y, double[] b) {
    KernelShapes.combine(x, a, y, b);
    Nd4jTensor first = own(x);
    Nd4jTensor second = own(y);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jTensor z = uninitialized(x.shape());
      long length = x.elements() / a.length;
      scaleRows(first, a, z.as(a.length, length));
      if (second != null) {
        z.as(a.length, length).addi(scaleRows(second, b, scratch.take(a.length, length)));
      }
      return z;
    }
  }

  private INDArray scaleRows(Nd4jTensor x, double[] factors, INDArray z) {
    float[] values = new float[factors.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) factors[i];
    }
    try (Nd4jTensor column = (Nd4jTensor) create(values, values.length, 1)) {
      return Nd4jOps.multiply(x.as(z.shape()), column.as(values.length, 1), z);
    }
  }

  // ---- losses and state vectors ----

  @Override
  public double[] squaredDistances(Tensor a, Tensor b) {
    KernelShapes.same("squaredDistances", a, b);
    Nd4jTensor left = own(a);
    Nd4jTensor right = own(b);
    int n = Math.toIntExact(a.size(0));
    // Rows of moderate length, so that the sums of the parts can be added in double.
    long rows = a.rank() > 1 ? n * a.size(1) : n;
    try (Nd4jScratch scratch = scratch();
        Nd4jTensor sums = uninitialized(rows)) {
      INDArray squares = scratch.take(rows, a.elements() / rows);
      left.as(squares.shape()).sub(right.as(squares.shape()), squares);
      squares.muli(squares);
      Nd4jOps.sumRows(memory, squares, sums.flat());
      float[] parts = sums.toArray();
      double[] distances = new double[n];
      int each = parts.length / n;
      for (int i = 0; i < parts.length; i++) {
        distances[i / each] += parts[i];
      }
      return distances;
    }
  }

  @Override
  public void replaceNonFinite(Tensor x, float nan, float plus, float minus) {
    Nd4jTensor values = own(x);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jVectors.replaceNonFinite(values, nan, plus, minus);
    }
  }

  @Override
  public void accumulate(Tensor target, double scale, Tensor source) {
    KernelShapes.same("accumulate", target, source);
    Nd4jTensor sum = own(target);
    Nd4jTensor added = own(source);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jVectors.accumulate(sum, scale, added);
    }
  }

  @Override
  public void clear(Tensor x) {
    own(x).flat().assign(0);
  }

  @Override
  public void movingAverage(Tensor average, Tensor net, double beta) {
    KernelShapes.same("movingAverage", average, net);
    Nd4jTensor mean = own(average);
    Nd4jTensor value = own(net);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jVectors.movingAverage(mean, value, beta);
    }
  }

  @Override
  public void adamUpdate(Tensor w, Tensor g, Tensor m, Tensor v, AdamUpdate update) {
    KernelShapes.same("adamUpdate", w, g);
    KernelShapes.same("adamUpdate", w, m);
    KernelShapes.same("adamUpdate", w, v);
    try (Nd4jScratch scratch = scratch()) {
      Nd4jVectors.adamUpdate(memory, own(w), own(g), own(m), own(v), update);
    }
  }
}

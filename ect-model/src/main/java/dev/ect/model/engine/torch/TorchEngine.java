package dev.ect.model.engine.torch;

import dev.ect.model.engine.AdamUpdate;
import dev.ect.model.engine.DropoutMask;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.KernelShapes;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The kernels on LibTorch.
 *
 * <p>With bfloat16, {@link #conv2d} brings its input to bfloat16 and everything that follows it
 * keeps that type, until a kernel that is defined in float32 comes. Kernels on values keep the type
 * of their first argument.
 */
final class TorchEngine implements Engine {
  private final EngineOptions options;
  private final TorchDevice device;
  private final TorchLayout layout;
  private final TorchThreads threads;
  private final WinogradConvolution winograd;
  private final TorchConvolution ownConvolution;
  private final Tf32.Forbidden noTf32;
  private TorchConvolution convolution;
  private long open;

  TorchEngine(EngineOptions options, TorchDevice device) {
    this.options = options;
    this.device = device;
    layout = TorchLayout.of(options.memoryFormat(), device);
    threads = new TorchThreads(options.threads());
    winograd =
        device.isCuda() || layout != TorchLayout.CONTIGUOUS
            ? null
            : new WinogradConvolution(options.threads());
    ownConvolution = new TorchConvolution(options.precision(), device, layout, winograd);
    convolution = ownConvolution;
    noTf32 = device.isCuda() && options.precision() != Precision.TF32 ? Tf32.forbid() : null;
    if (device.isCuda()) {
      Tf32.apply();
    }
  }

  @Override
  public String name() {
    return "torch";
  }

  @Override
  public String device() {
    return device.description();
  }

  @Override
  public Precision precision() {
    return options.precision();
  }

  @Override
  public long openTensors() {
    return open;
  }

  @Override
  public long deviceMemoryPeak() {
    return device.memoryPeak();
  }

  @Override
  public void close() {
    if (winograd != null) {
      winograd.close();
    }
    if (noTf32 != null) {
      noTf32.close();
    }
  }

  @Override
  public Resolution resolving(double parts) {
    if (!options.needsFloat32(parts)) {
      return Engine.super.resolving(parts);
    }
    Tf32.Forbidden exact = device.isCuda() ? Tf32.forbid() : null;
    convolution = new TorchConvolution(Precision.FLOAT32, device, layout, winograd);
    return () -> {
      convolution = ownConvolution;
      if (exact != null) {
        exact.close();
      }
    };
  }

  @Override
  public void synchronize() {
    if (device.isCuda()) {
      torch.cuda_synchronize(device.index());
    }
  }

  // ---- between Java and LibTorch ----

  /** Begins a kernel on this thread. */
  Scope scope() {
    threads.use();
    return new Scope();
  }

  void freed() {
    open--;
  }

  /** A tensor of a kernel's result, images in the engine's layout. */
  private TorchTensor wrap(org.bytedeco.pytorch.Tensor data) {
    return wrapAsIs(layout.of(data));
  }

  private TorchTensor wrapAsIs(org.bytedeco.pytorch.Tensor data) {
    long[] shape = new long[Math.toIntExact(data.dim())];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = data.size(i);
    }
    open++;
    return new TorchTensor(this, data, shape);
  }

  private TorchTensor own(Tensor t) {
    t.requireOpen();
    if (t instanceof TorchTensor own && own.engine() == this) {
      return own;
    }
    throw new IllegalArgumentException(
        "found " + t + " of another engine; expected a tensor of this one");
  }

  private org.bytedeco.pytorch.Tensor data(Tensor t) {
    return t == null ? null : own(t).data();
  }

  private org.bytedeco.pytorch.Tensor floats(Tensor t) {
    return t == null ? null : Native.asFloat(own(t).data());
  }

  private TensorOptions type(ScalarType type) {
    return new TensorOptions(type).device(new DeviceOptional(new Device(device.id())));
  }

  // ---- tensors ----

  @Override
  public Tensor zeros(long... shape) {
    KernelShapes.elements(shape);
    try (Scope scope = scope()) {
      return wrap(torch.zeros(shape, type(Native.FLOAT)));
    }
  }

  @Override
  public Tensor create(FloatBuffer values, long... shape) {
    KernelShapes.create(values.remaining(), shape);
    try (Scope scope = scope()) {
      Tensor t = wrap(torch.empty(shape, type(Native.FLOAT), new MemoryFormatOptional()));
      t.write(0, values.duplicate());
      return t;
    }
  }

  @Override
  public Tensor view(Tensor vector, long offset, long... shape) {
    KernelShapes.view(vector, offset, shape);
    try (Scope scope = scope()) {
      return wrapAsIs(data(vector).narrow(0, offset, KernelShapes.elements(shape)).view(shape));
    }
  }

  @Override
  public Tensor rows(Tensor x, int... rows) {
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor all = data(x);
      for (int row : rows) {
        if (x.rank() == 0 || row < 0 || row >= x.size(0)) {
          throw new IllegalArgumentException(
              "rows: row " + row + " of shape " + Arrays.toString(x.shape()));
        }
      }
      org.bytedeco.pytorch.Tensor index =
          torch.tensor(
              Arrays.stream(rows).asLongStream().toArray(), new TensorOptions(ScalarType.Long));
      return wrap(torch.index_select(all, 0, device.send(index)));
    }
  }

  // ---- layers ----

  @Override
  public Tensor conv2d(Tensor x, Tensor w, Tensor b, int padding) {
    KernelShapes.conv2d(x, w, b, padding);
    try (Scope scope = scope()) {
      return wrap(convolution.forward(own(x), own(w), b == null ? null : own(b), padding));
    }
  }

  @Override
  public Tensor conv2dBackward(
      Tensor gy, Tensor x, Tensor w, int padding, boolean needInput, Tensor gw, Tensor gb) {
    KernelShapes.shape(
        "conv2dBackward", "the gradient", gy, KernelShapes.conv2d(x, w, null, padding));
    requireGradient("conv2dBackward", gw, w.shape());
    requireGradient("conv2dBackward", gb, w.size(0));
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor gx =
          convolution.backward(own(gy), own(x), own(w), padding, needInput, data(gw), data(gb));
      return needInput ? wrap(Native.like(data(x), gx)) : null;
    }
  }

  @Override
  public Tensor linear(Tensor x, Tensor w, Tensor b) {
    KernelShapes.linear(x, w, b);
    try (Scope scope = scope()) {
      return wrap(torch.linear(floats(x), floats(w), Native.optional(floats(b))));
    }
  }

  @Override
  public Tensor linearBackward(
      Tensor gy, Tensor x, Tensor w, boolean needInput, Tensor gw, Tensor gb) {
    KernelShapes.shape("linearBackward", "the gradient", gy, KernelShapes.linear(x, w, null));
    requireGradient("linearBackward", gw, w.shape());
    requireGradient("linearBackward", gb, w.size(0));
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor g = floats(gy);
      if (gw != null) {
        data(gw).addmm_(g.t(), floats(x));
      }
      if (gb != null) {
        data(gb).add_(Native.sum(g, Native.FLOAT, 0));
      }
      return needInput ? wrap(Native.like(data(x), torch.mm(g, floats(w)))) : null;
    }
  }

  @Override
  public Result groupNorm(
      Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm, boolean save) {
    KernelShapes.groupNorm(x, gamma, beta, scaleShift, norm);
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor[] y = norm(x, gamma, beta, scaleShift, norm).forward();
      Tensor output = wrap(Native.like(data(x), y[0]));
      return new Result(output, save ? List.of(wrap(y[1]), wrap(y[2])) : List.of());
    }
  }

  private TorchNorm norm(Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm) {
    return TorchNorm.of(layout, data(x), floats(gamma), floats(beta), floats(scaleShift), norm);
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
    requireGradient("groupNormBackward", gGamma, x.size(1));
    requireGradient("groupNormBackward", gBeta, x.size(1));
    try (Scope scope = scope()) {
      TorchNorm kernel = norm(x, gamma, beta, scaleShift, norm);
      org.bytedeco.pytorch.Tensor[] g =
          kernel.backward(
              data(gy),
              data(saved(forward, 0)),
              data(saved(forward, 1)),
              data(gGamma),
              data(gBeta));
      Tensor gx = wrap(Native.like(data(x), g[0]));
      return new Tensor[] {
        gx, scaleShift == null ? null : wrap(Native.like(data(scaleShift), g[1]))
      };
    }
  }

  @Override
  public Tensor silu(Tensor x) {
    try (Scope scope = scope()) {
      return wrap(torch.silu(data(x)));
    }
  }

  @Override
  public Tensor siluBackward(Tensor gy, Tensor x) {
    KernelShapes.same("siluBackward", x, gy);
    try (Scope scope = scope()) {
      return wrap(torch.silu_backward(Native.like(data(x), data(gy)), data(x)));
    }
  }

  @Override
  public Tensor addChannels(Tensor x, Tensor p) {
    KernelShapes.rank("addChannels", x, 4);
    KernelShapes.shape("addChannels", "the second tensor", p, x.size(0), x.size(1));
    try (Scope scope = scope()) {
      return wrap(data(x).add(Native.like(data(x), data(p)).view(x.size(0), x.size(1), 1, 1)));
    }
  }

  @Override
  public Tensor sumChannels(Tensor x) {
    KernelShapes.rank("sumChannels", x, 4);
    try (Scope scope = scope()) {
      return wrap(Native.sum(data(x), Native.FLOAT, 2, 3));
    }
  }

  /** With bfloat16 the mask has that type: 1/(1-p) is rounded to it. */
  @Override
  public Tensor dropoutMask(double p, long[] keys, long... shape) {
    KernelShapes.dropoutMask(keys, shape);
    DropoutMask.threshold(p);
    long length = keys.length == 0 ? 0 : KernelShapes.elements(shape) / keys.length;
    try (Scope scope = scope()) {
      if (device.isCuda()) {
        return wrap(TorchDropout.hash(keys, p, shape, layout, device, convolution.activation()));
      }
      org.bytedeco.pytorch.Tensor mask =
          torch.empty(shape, type(convolution.activation()), new MemoryFormatOptional());
      TorchDropout.fill(mask, keys, p, length);
      return wrap(mask);
    }
  }

  @Override
  public Tensor multiply(Tensor a, Tensor b) {
    KernelShapes.same("multiply", a, b);
    try (Scope scope = scope()) {
      return wrap(data(a).mul(Native.like(data(a), data(b))));
    }
  }

  @Override
  public Tensor downsample(Tensor x, double[] filter, int padding, double gain) {
    KernelShapes.downsample(x, filter, padding);
    try (Scope scope = scope()) {
      return wrap(TorchResampling.downsample(data(x), filter, padding, gain));
    }
  }

  @Override
  public Tensor upsample(Tensor x, double[] filter, int padding, double gain) {
    KernelShapes.upsample(x, filter, padding);
    try (Scope scope = scope()) {
      return wrap(TorchResampling.upsample(data(x), filter, padding, gain));
    }
  }

  @Override
  public Result attention(Tensor qkv, int heads, boolean save) {
    long[] shape = KernelShapes.attention(qkv, heads);
    try (Scope scope = scope()) {
      TorchAttention kernel = new TorchAttention(data(qkv).contiguous(), heads);
      org.bytedeco.pytorch.Tensor weights = save && kernel.savesWeights() ? kernel.weights() : null;
      Tensor y = wrap(Native.like(data(qkv), kernel.forward(weights)).view(shape));
      return new Result(y, weights == null ? List.of() : List.of(wrap(weights)));
    }
  }

  @Override
  public Tensor attentionBackward(Tensor gy, Tensor qkv, int heads, Result forward) {
    KernelShapes.shape("attentionBackward", "the gradient", gy, KernelShapes.attention(qkv, heads));
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor weights =
          forward.saved().isEmpty() ? null : data(saved(forward, 0));
      org.bytedeco.pytorch.Tensor g =
          new TorchAttention(data(qkv).contiguous(), heads)
              .backward(floats(gy).contiguous(), weights);
      return wrap(Native.like(data(qkv), g).view(qkv.shape()));
    }
  }

  @Override
  public Tensor concatChannels(Tensor a, Tensor b) {
    KernelShapes.concatChannels(a, b);
    try (Scope scope = scope()) {
      return wrap(torch.cat(new TensorVector(data(a), Native.like(data(a), data(b))), 1));
    }
  }

  @Override
  public Tensor sliceChannels(Tensor x, long from, long to) {
    KernelShapes.sliceChannels(x, from, to);
    try (Scope scope = scope()) {
      return wrap(
          torch.clone(
              data(x).narrow(1, from, to - from), new MemoryFormatOptional(layout.format())));
    }
  }

  @Override
  public Tensor addScaled(Tensor a, Tensor b, double scale) {
    KernelShapes.same("addScaled", a, b);
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor sum = data(a).add(Native.like(data(a), data(b)));
      return wrap(scale == 1 ? sum : sum.mul_(new Scalar(scale)));
    }
  }

  @Override
  public Tensor scale(Tensor x, double scale) {
    try (Scope scope = scope()) {
      return wrap(data(x).mul(new Scalar(scale)));
    }
  }

  @Override
  public Tensor combine(Tensor x, double[] a, Tensor y, double[] b) {
    KernelShapes.combine(x, a, y, b);
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor sum = floats(x).mul(factors(a, x.rank()));
      return wrap(y == null ? sum : sum.addcmul_(floats(y), factors(b, x.rank())));
    }
  }

  /** One factor per image, as a tensor that multiplies images of the given rank. */
  private org.bytedeco.pytorch.Tensor factors(double[] values, int rank) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    long[] shape = new long[rank];
    Arrays.fill(shape, 1);
    shape[0] = floats.length;
    return device.send(torch.tensor(floats, new TensorOptions(Native.FLOAT))).view(shape);
  }

  // ---- losses and state vectors ----

  @Override
  public double[] squaredDistances(Tensor a, Tensor b) {
    KernelShapes.same("squaredDistances", a, b);
    try (Scope scope = scope()) {
      org.bytedeco.pytorch.Tensor difference = floats(a).sub(floats(b)).square_();
      org.bytedeco.pytorch.Tensor sums =
          Native.sum(difference.flatten(1, -1), Native.DOUBLE, 1).cpu();
      double[] distances = new double[Math.toIntExact(a.size(0))];
      new DoublePointer(sums.data_ptr_double()).get(distances);
      return distances;
    }
  }

  @Override
  public void replaceNonFinite(Tensor x, float nan, float plus, float minus) {
    try (Scope scope = scope()) {
      TorchVectors.replaceNonFinite(data(x), nan, plus, minus);
    }
  }

  @Override
  public void accumulate(Tensor target, double scale, Tensor source) {
    KernelShapes.same("accumulate", target, source);
    try (Scope scope = scope()) {
      TorchVectors.accumulate(data(target), scale, data(source));
    }
  }

  @Override
  public void clear(Tensor x) {
    try (Scope scope = scope()) {
      data(x).zero_();
    }
  }

  @Override
  public void movingAverage(Tensor average, Tensor net, double beta) {
    KernelShapes.same("movingAverage", average, net);
    try (Scope scope = scope()) {
      TorchVectors.movingAverage(data(average), data(net), beta);
    }
  }

  @Override
  public void adamUpdate(Tensor w, Tensor g, Tensor m, Tensor v, AdamUpdate update) {
    KernelShapes.same("adamUpdate", w, g);
    KernelShapes.same("adamUpdate", w, m);
    KernelShapes.same("adamUpdate", w, v);
    try (Scope scope = scope()) {
      TorchVectors.adam(data(w), data(g), data(m), data(v), update);
    }
  }

  // ---- checks ----

  private static void requireGradient(String kernel, Tensor gradient, long... shape) {
    if (gradient != null) {
      KernelShapes.shape(kernel, "the parameter's gradient", gradient, shape);
    }
  }

  private static Tensor saved(Result forward, int index) {
    if (forward.saved().size() <= index) {
      throw new IllegalArgumentException(
          "the forward kernel saved nothing for its backward kernel; call it with save = true");
    }
    return forward.saved().get(index);
  }
}

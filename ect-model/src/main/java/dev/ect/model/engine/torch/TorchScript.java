package dev.ect.model.engine.torch;

import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.KernelShapes;
import dev.ect.model.engine.ScriptedNetwork;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.StringIValueMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.parameter_iterator;
import org.bytedeco.pytorch.parameter_list;

/**
 * A TorchScript network on LibTorch.
 *
 * <p>Measured on the CPU with a network of the size of Inception v3: with the weights of
 * convolutions stored channels last it takes 0.7 of the time. {@code torch.freeze} beside that
 * gains a tenth more; it is left out because its constants could not be put back into the other
 * order for the networks that need it, and because it holds all weights twice while it works.
 */
final class TorchScript implements ScriptedNetwork {
  private static final byte[] ZIP = {'P', 'K', 3, 4};

  private final String name;
  private final String expected;
  private final TorchThreads threads;
  private final TorchDevice device;
  private final JitModule module;
  private boolean channelsLast;
  private boolean closed;

  private TorchScript(
      String name, String expected, TorchThreads threads, TorchDevice device, JitModule module) {
    this.name = name;
    this.expected = expected;
    this.threads = threads;
    this.device = device;
    this.module = module;
    if (!device.isCuda()) {
      order(MemoryFormat.ChannelsLast);
    }
  }

  /** See {@link dev.ect.model.engine.ScriptedNetworks#open}; the library must be loaded. */
  static TorchScript open(Path file, String name, String expected, EngineOptions options)
      throws IOException {
    TorchDevice device = TorchDevice.find(options);
    if (!Files.isRegularFile(file)) {
      throw new BadFileException(
          name, (Files.exists(file) ? "is no file" : "does not exist") + "; expected " + expected);
    }
    TorchThreads threads = new TorchThreads(options.threads());
    threads.use();
    try (Scope scope = new Scope()) {
      JitModule module =
          torch.load(file.toString(), new DeviceOptional(new Device(device.id())), false);
      module.eval();
      TorchScript script = new TorchScript(name, expected, threads, device, module);
      module.retainReference();
      return script;
    } catch (RuntimeException e) {
      throw unreadable(file, name, expected, e);
    }
  }

  private static IOException unreadable(Path file, String name, String expected, RuntimeException e)
      throws IOException {
    TorchFailure failure = TorchFailure.of(e);
    if (failure.isOfDevice()) {
      throw new IllegalStateException(name + ": " + failure.line(), e);
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(ZIP.length);
    }
    return new BadFileException(
        name,
        (Arrays.equals(start, ZIP)
                ? "cannot be loaded as TorchScript (" + failure.line() + "); see that it is whole"
                : "is not a TorchScript file")
            + "; expected "
            + expected,
        e);
  }

  @Override
  public String device() {
    return device.description();
  }

  @Override
  public Output run(byte[] values, long[] shape, Map<String, Boolean> keywords)
      throws BadFileException {
    begin(values.length, shape);
    try (Scope scope = new Scope()) {
      Tensor x = torch.empty(shape, new TensorOptions(ScalarType.Byte), new MemoryFormatOptional());
      if (values.length > 0) {
        x.data_ptr_byte().put(values);
      }
      return run("uint8", x, shape, keywords);
    }
  }

  @Override
  public Output run(float[] values, long[] shape, Map<String, Boolean> keywords)
      throws BadFileException {
    begin(values.length, shape);
    try (Scope scope = new Scope()) {
      Tensor x = torch.empty(shape, new TensorOptions(Native.FLOAT), new MemoryFormatOptional());
      if (values.length > 0) {
        x.data_ptr_float().put(values);
      }
      return run("float32", x, shape, keywords);
    }
  }

  private void begin(int values, long[] shape) {
    if (closed) {
      throw new IllegalStateException("network of " + name + " is closed");
    }
    if (KernelShapes.elements(shape) != values) {
      throw new IllegalArgumentException(
          values + " values for a tensor of shape " + Arrays.toString(shape));
    }
    threads.use();
  }

  private Output run(String type, Tensor x, long[] shape, Map<String, Boolean> keywords)
      throws BadFileException {
    try {
      return output(forward(x, keywords));
    } catch (RuntimeException e) {
      TorchFailure failure = TorchFailure.of(e);
      if (failure.isOfDevice()) {
        throw new IllegalStateException(name + ": " + failure.line(), e);
      }
      if (channelsLast) {
        // Networks that take the order of their activations' memory for granted fail on any other.
        order(MemoryFormat.Contiguous);
        return run(type, x, shape, keywords);
      }
      throw new BadFileException(
          name,
          "cannot be called as net("
              + type
              + " "
              + Arrays.toString(shape)
              + new TreeMap<>(keywords)
                  .entrySet().stream()
                      .map(k -> ", " + k.getKey() + "=" + (k.getValue() ? "True" : "False"))
                      .collect(Collectors.joining())
              + "): "
              + failure.line()
              + "; expected "
              + expected,
          e);
    }
  }

  /** Stores the weights of convolutions in this order; their values stay. */
  private void order(MemoryFormat format) {
    channelsLast = format == MemoryFormat.ChannelsLast;
    parameter_list parameters = module.parameters();
    parameter_iterator end = parameters.end();
    for (parameter_iterator i = parameters.begin(); i.notEquals(end); i.increment()) {
      Tensor weight = i.multiply();
      if (weight.dim() == 4) {
        weight.set_data(weight.contiguous(format));
      }
    }
  }

  /**
   * One pass through the interpreter as the code stands. The optimiser of the first calls is turned
   * off: it may fuse operations, and so change the last bits from one call to the next.
   */
  private IValue forward(Tensor x, Map<String, Boolean> keywords) {
    StringIValueMap named = new StringIValueMap();
    keywords.forEach((key, value) -> named.put(new BytePointer(key), new IValue(value)));
    Tensor here = device.isCuda() ? x.to(new Device(device.id()), x.scalar_type()) : x;
    boolean optimize = torch.getGraphExecutorOptimize();
    torch.setGraphExecutorOptimize(false);
    Tf32.Forbidden exact = device.isCuda() ? Tf32.forbid() : null;
    try {
      return module.forward(new IValueVector(new IValue(here)), named);
    } finally {
      torch.setGraphExecutorOptimize(optimize);
      if (exact != null) {
        exact.close();
      }
    }
  }

  private Output output(IValue result) throws BadFileException {
    if (!result.isTensor()) {
      throw new BadFileException(
          name,
          "gives a "
              + result.tagKind().getString()
              + " and not a single Tensor; expected "
              + expected);
    }
    Tensor y = result.toTensor();
    if (!y.is_floating_point()) {
      throw new BadFileException(
          name,
          "gives numbers of type "
              + y.scalar_type().intern()
              + "; expected floating-point ones, of "
              + expected);
    }
    Tensor host = y.to(new Device("cpu"), Native.FLOAT).contiguous();
    long[] shape = new long[Math.toIntExact(host.dim())];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = host.size(i);
    }
    float[] values = new float[Math.toIntExact(host.numel())];
    if (values.length > 0) {
      host.data_ptr_float().get(values);
    }
    return new Output(values, shape);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      module.close();
    }
  }
}

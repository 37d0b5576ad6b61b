package dev.ect.model.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Times every kernel of an engine that some work calls. */
public final class KernelTimer {
  /** What costs nothing worth a line. */
  private static final Set<String> NOT_TIMED =
      Set.of(
          "name",
          "device",
          "precision",
          "openTensors",
          "deviceMemoryPeak",
          "close",
          "view",
          "synchronize",
          "resolving",
          "equals",
          "hashCode",
          "toString");

  private static final class Sum {
    private long calls;
    private long nanos;
    private double flops;

    private KernelTimes.Kernel named(String name) {
      double seconds = nanos / 1e9;
      return new KernelTimes.Kernel(
          name, calls, seconds, flops == 0 ? null : Double.valueOf(flops / seconds / 1e9));
    }
  }

  private final Engine engine;
  private final Engine timed;
  private final Map<String, Sum> sums = new HashMap<>();

  /** Borrows the engine. */
  public KernelTimer(Engine engine) {
    this.engine = engine;
    timed =
        (Engine)
            Proxy.newProxyInstance(
                Engine.class.getClassLoader(),
                new Class<?>[] {Engine.class},
                (proxy, method, arguments) -> call(method, arguments));
  }

  /** What the work has to use: the same engine and tensors, but every call is timed. */
  public Engine engine() {
    return timed;
  }

  /** Runs work that uses {@link #engine()}. */
  public KernelTimes measure(Runnable work) {
    engine.synchronize();
    sums.clear();
    long begin = System.nanoTime();
    work.run();
    engine.synchronize();
    double seconds = (System.nanoTime() - begin) / 1e9;
    List<KernelTimes.Kernel> kernels =
        sums.entrySet().stream()
            .map(entry -> entry.getValue().named(entry.getKey()))
            .sorted(Comparator.comparingDouble(KernelTimes.Kernel::seconds).reversed())
            .toList();
    double inside = kernels.stream().mapToDouble(KernelTimes.Kernel::seconds).sum();
    return new KernelTimes(seconds, seconds - inside, kernels);
  }

  private Object call(Method method, Object[] arguments) throws Throwable {
    if (NOT_TIMED.contains(method.getName())) {
      return invoke(method, arguments);
    }
    long begin = System.nanoTime();
    Object result = invoke(method, arguments);
    engine.synchronize();
    long nanos = System.nanoTime() - begin;
    Sum sum = sums.computeIfAbsent(key(method.getName(), arguments, result), key -> new Sum());
    sum.calls++;
    sum.nanos += nanos;
    sum.flops += flops(method.getName(), arguments, result);
    return result;
  }

  private Object invoke(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(engine, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static String key(String kernel, Object[] arguments, Object result) {
    if (!isConvolution(kernel)) {
      return kernel;
    }
    Tensor w = weight(kernel, arguments);
    Tensor y = output(kernel, arguments, result);
    return String.format("%s %dx%d at %dx%d", kernel, w.size(2), w.size(3), y.size(2), y.size(3));
  }

  /** Two operations per multiplication; the backward has one such product per gradient. */
  private static double flops(String kernel, Object[] arguments, Object result) {
    if (!isConvolution(kernel)) {
      return 0;
    }
    Tensor y = output(kernel, arguments, result);
    double product = 2.0 * weight(kernel, arguments).elements() * y.size(0) * y.size(2) * y.size(3);
    if (!isBackward(kernel)) {
      return product;
    }
    int gradients = (result == null ? 0 : 1) + (arguments[5] == null ? 0 : 1);
    return product * gradients;
  }

  private static boolean isConvolution(String kernel) {
    return kernel.startsWith("conv2d");
  }

  private static boolean isBackward(String kernel) {
    return kernel.equals("conv2dBackward");
  }

  private static Tensor weight(String kernel, Object[] arguments) {
    return (Tensor) arguments[isBackward(kernel) ? 2 : 1];
  }

  private static Tensor output(String kernel, Object[] arguments, Object result) {
    return (Tensor) (isBackward(kernel) ? arguments[0] : result);
  }
}

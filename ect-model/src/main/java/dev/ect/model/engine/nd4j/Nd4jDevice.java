package dev.ect.model.engine.nd4j;

import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.Precision;
import java.util.Locale;
import org.bytedeco.openblas.global.openblas;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.profiler.ProfilerConfig;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/** Decides whether ND4J can do what the options ask, and loads it. */
final class Nd4jDevice {
  private static final String CPU_BACKEND = "org.nd4j.linalg.cpu.nativecpu.CpuBackend";
  private static final String CUDA_BACKEND = "org.nd4j.linalg.jcublas.JCublasBackend";
  private static final String CUDA_OPERATIONS = "org.nd4j.linalg.jcublas.bindings.Nd4jCuda";

  private final String description;
  private final int threads;
  private final int gpu;
  private final NativeOps operations;

  /**
   * The GPU that the options ask for, as far as it could be asked.
   *
   * @param devices number of GPUs
   * @param index the one asked for
   * @param name its name, empty if there is none of that index
   * @param major its compute capability, before the point
   * @param minor its compute capability, after the point
   * @param problem why CUDA does not load; null if it does
   */
  record Gpu(int devices, int index, String name, int major, int minor, String problem) {}

  private Nd4jDevice(String description, int threads, int gpu) {
    this.description = description;
    this.threads = threads;
    this.gpu = gpu;
    operations = NativeOpsHolder.getInstance().getDeviceNativeOps();
  }

  /** For people: {@code cpu, 2 threads} or {@code cuda:0, NVIDIA A100}. */
  String description() {
    return description;
  }

  /** Threads of one operation. */
  int threads() {
    return threads;
  }

  /**
   * Prepares the calling thread: OpenMP keeps its number of threads, and CUDA its device, per
   * calling thread.
   */
  void enterThread() {
    if (gpu < 0) {
      operations.setOmpNumThreads(threads);
    } else {
      Nd4j.getAffinityManager().unsafeSetDevice(gpu);
    }
  }

  /** Waits for the device. */
  static void synchronize() {
    Nd4j.getExecutioner().commit();
  }

  /**
   * @throws EngineUnavailableException in one line, if ND4J does not load or cannot do what the
   *     options ask
   */
  static Nd4jDevice open(EngineOptions options) {
    boolean cpu = present(CPU_BACKEND);
    boolean cuda = present(CUDA_BACKEND);
    require(refusal(options, cpu, cuda));
    Gpu gpu = cuda ? probe(options) : null;
    if (gpu != null) {
      require(gpuRefusal(options, cpu, gpu));
    }
    try {
      return gpu == null || gpu.devices() == 0 ? openCpu(options) : openCuda(options, gpu);
    } catch (LinkageError | RuntimeException e) {
      throw new EngineUnavailableException(
          "engine nd4j: the native library does not load: " + rootCause(e), e);
    }
  }

  /**
   * What stands against these options with these backends on the class path, before anything is
   * loaded.
   *
   * @return one line, or null if nothing does
   */
  static String refusal(EngineOptions options, boolean cpuBackend, boolean cudaBackend) {
    if (options.precision() != Precision.FLOAT32) {
      return "engine nd4j computes in float32 only, found precision "
          + options.precision().id()
          + ": choose float32, or engine torch";
    }
    if (!cpuBackend && !cudaBackend) {
      return "engine nd4j: no ND4J backend on the class path: add org.nd4j:nd4j-native, or choose engine torch";
    }
    if (options.device().startsWith("cuda") && !cudaBackend) {
      return "engine nd4j: device is "
          + options.device()
          + " but ND4J's backend on the class path is for the CPU: build with the Maven profile nd4j-cuda, or choose device cpu or engine torch";
    }
    return null;
  }

  /**
   * What stands against these options with ND4J's CUDA backend on the class path. Its published
   * library holds machine code for compute capability 3.7 to 8.6 and nothing that a driver could
   * compile for newer GPUs.
   *
   * @return one line, or null if nothing does
   */
  static String gpuRefusal(EngineOptions options, boolean cpuBackend, Gpu gpu) {
    boolean wantsCuda = options.device().startsWith("cuda");
    if (gpu.devices() == 0) {
      return cpuBackend && !wantsCuda
          ? null
          : "engine nd4j: device is "
              + options.device()
              + " but no GPU was found"
              + (gpu.problem() == null ? "" : " (" + gpu.problem() + ")")
              + ": choose device cpu and build without the Maven profile nd4j-cuda";
    }
    if (options.device().equals("cpu")) {
      return "engine nd4j: device is cpu but ND4J takes the GPU where its CUDA backend is on the class path: build without the Maven profile nd4j-cuda, or choose engine torch";
    }
    if (gpu.index() >= gpu.devices()) {
      return "engine nd4j: device is "
          + options.device()
          + " but the last GPU found is cuda:"
          + (gpu.devices() - 1)
          + ": choose one that is there";
    }
    int capability = 10 * gpu.major() + gpu.minor();
    // Machine code runs on later minor versions of the same major one: that for 8.6 on 8.9.
    if (capability < 37 || gpu.major() > 8) {
      return String.format(
          Locale.ROOT,
          "engine nd4j: cuda:%d, %s, has compute capability %d.%d, but ND4J's CUDA library is built for 3.7 to 8.6: choose engine torch",
          gpu.index(),
          gpu.name(),
          gpu.major(),
          gpu.minor());
    }
    return null;
  }

  private static Nd4jDevice openCpu(EngineOptions options) {
    load(true);
    int threads = options.threads();
    Nd4j.getEnvironment().setMaxThreads(threads);
    Nd4j.getEnvironment().setMaxMasterThreads(threads);
    // OpenBLAS, which multiplies stacks of matrices, has threads of its own: they fight OpenMP's.
    openblas.blas_set_num_threads(1);
    return new Nd4jDevice("cpu, " + threads + (threads == 1 ? " thread" : " threads"), threads, -1);
  }

  private static Nd4jDevice openCuda(EngineOptions options, Gpu gpu) {
    load(false);
    return new Nd4jDevice(
        "cuda:" + gpu.index() + ", " + gpu.name(), options.threads(), gpu.index());
  }

  private static void load(boolean cpu) {
    Nd4j.getExecutioner().setProfilingConfig(ProfilerConfig.builder().build());
    if (Nd4j.getEnvironment().isCPU() != cpu) {
      throw new IllegalStateException("ND4J took its " + (cpu ? "CUDA" : "CPU") + " backend");
    }
  }

  /** Asks CUDA for the GPU's properties, through the bindings alone: nothing runs on the GPU. */
  private static Gpu probe(EngineOptions options) {
    int index =
        options.device().startsWith("cuda:") ? Integer.parseInt(options.device().substring(5)) : 0;
    try {
      NativeOps cuda =
          Class.forName(CUDA_OPERATIONS)
              .asSubclass(NativeOps.class)
              .getDeclaredConstructor()
              .newInstance();
      cuda.initializeDevicesAndFunctions();
      int devices = cuda.getAvailableDevices();
      return index < devices
          ? new Gpu(
              devices,
              index,
              cuda.getDeviceName(index),
              cuda.getDeviceMajor(index),
              cuda.getDeviceMinor(index),
              null)
          : new Gpu(devices, index, "", 0, 0, null);
    } catch (ReflectiveOperationException | LinkageError e) {
      return new Gpu(0, index, "", 0, 0, rootCause(e));
    }
  }

  private static boolean present(String backend) {
    ClassLoader loader = Nd4jDevice.class.getClassLoader();
    return loader.getResource(backend.replace('.', '/') + ".class") != null;
  }

  private static void require(String refusal) {
    if (refusal != null) {
      throw new EngineUnavailableException(refusal);
    }
  }

  private static String rootCause(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage())
        .lines()
        .findFirst()
        .orElse(root.getClass().getSimpleName());
  }
}

package dev.ect.model.engine.torch;

import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.Precision;
import java.lang.reflect.InvocationTargetException;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.cuda.DeviceStats;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where an engine computes.
 *
 * @param index the GPU, or -1 for the CPU
 * @param description for people
 */
record TorchDevice(int index, String description) {
  private static final Logger LOG = LoggerFactory.getLogger(TorchDevice.class);

  /**
   * Finds the device that the options ask for.
   *
   * @throws EngineUnavailableException if it is not there, or cannot compute with the precision
   */
  static TorchDevice open(EngineOptions options) {
    TorchDevice device = find(options);
    if (options.precision() == Precision.TF32 && !device.isCuda()) {
      throw new EngineUnavailableException(
          "precision tf32 needs a GPU, and the device is the CPU; use float32 or bfloat16");
    }
    return device;
  }

  /**
   * Finds the device that the options ask for, whatever their precision.
   *
   * @throws EngineUnavailableException if it is not there
   */
  static TorchDevice find(EngineOptions options) {
    int gpus = torch.cuda_is_available() ? torch.cuda_device_count() : 0;
    int index = choose(options.device(), gpus);
    if (index < 0) {
      return new TorchDevice(
          -1, "cpu, " + options.threads() + (options.threads() == 1 ? " thread" : " threads"));
    }
    Context context = torch.globalContext();
    context.setBenchmarkCuDNN(false);
    context.setDeterministicCuDNN(true);
    return new TorchDevice(index, "cuda:" + index + gpuName(index));
  }

  /** A copy of something small of the host. To a GPU this only queues the transfer. */
  Tensor send(Tensor host) {
    return isCuda()
        ? host.pin_memory()
            .to(new Device(id()), host.scalar_type(), true, false, new MemoryFormatOptional())
        : host;
  }

  boolean isCuda() {
    return index >= 0;
  }

  /** Whether LibTorch has fast products of bfloat16 there. */
  boolean multipliesBfloat16() {
    return isCuda() || torch.get_cpu_capability().getString().equals("AVX512");
  }

  /** LibTorch's name of the device. */
  String id() {
    return isCuda() ? "cuda:" + index : "cpu";
  }

  /** The most bytes of the GPU that tensors had at once; 0 on the CPU and where it is not known. */
  long memoryPeak() {
    if (!isCuda()) {
      return 0;
    }
    try (DeviceStats stats = torch_cuda.getAllocator().getDeviceStats((byte) index)) {
      // the first of three: large and small blocks together
      return stats.allocated_bytes().peak();
    } catch (LinkageError | RuntimeException e) {
      LOG.info("memory of {} is not known, and counts as 0: {}", id(), e.toString());
      return 0;
    }
  }

  private static int choose(String device, int gpus) {
    if (device.equals("cpu") || (device.equals("auto") && gpus == 0)) {
      return -1;
    }
    if (gpus == 0) {
      throw new EngineUnavailableException(
          Context.hasCUDART()
              ? "device is "
                  + device
                  + ", but LibTorch sees no GPU; check the driver and CUDA_VISIBLE_DEVICES, or set the device to cpu"
              : "device is "
                  + device
                  + ", but this LibTorch was built without CUDA; build with the Maven profile cuda, or set the device to cpu");
    }
    int colon = device.indexOf(':');
    int index = parse(colon < 0 ? "0" : device.substring(colon + 1));
    if (index >= gpus) {
      throw new EngineUnavailableException(
          "device is " + device + ", but LibTorch sees " + gpus + " GPU(s), numbered from 0");
    }
    return index;
  }

  private static int parse(String digits) {
    return digits.length() > 3 ? Integer.MAX_VALUE : Integer.parseInt(digits);
  }

  /** By reflection: the types are on the class path with the CUDA build only. */
  private static String gpuName(int index) {
    try {
      Object properties =
          Class.forName("org.bytedeco.pytorch.global.torch_cuda")
              .getMethod("getDeviceProperties", byte.class)
              .invoke(null, (byte) index);
      BytePointer name = (BytePointer) properties.getClass().getMethod("name").invoke(properties);
      return ", " + name.getString();
    } catch (ClassNotFoundException
        | NoSuchMethodException
        | IllegalAccessException
        | InvocationTargetException
        | LinkageError e) {
      return ", a GPU without a name (" + e.getClass().getSimpleName() + ")";
    }
  }
}

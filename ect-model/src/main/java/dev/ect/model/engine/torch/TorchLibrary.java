package dev.ect.model.engine.torch;

import dev.ect.model.engine.EngineUnavailableException;
import java.io.File;
import java.io.IOException;
import java.util.Locale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.global.torch;

/**
 * Loads LibTorch into the process. No other class of this package may be touched before {@link
 * #load} has returned, the provider apart.
 */
final class TorchLibrary {
  /**
   * JavaCPP refuses to allocate beyond this; its default, twice the heap, is too little for a large
   * network behind a small heap.
   */
  private static final String PHYSICAL_LIMIT = "org.bytedeco.javacpp.maxphysicalbytes";

  /** In the order of their dependencies; those for CUDA exist in the CUDA build only. */
  private static final String[] LIBRARIES = {"c10", "c10_cuda", "torch_cpu", "torch_cuda", "torch"};

  private TorchLibrary() {}

  /**
   * Loads the native library; again does nothing.
   *
   * @param otherwise what the message says last where it does not load
   * @throws EngineUnavailableException if it does not load here
   */
  static synchronized void load(String otherwise) {
    if (System.getProperty(PHYSICAL_LIMIT) == null
        && System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null) {
      System.setProperty(PHYSICAL_LIMIT, "0");
    }
    String platform = Loader.getPlatform();
    try {
      if (!extract(platform + "-gpu")) {
        extract(platform);
      }
      Loader.load(openblas.class);
      Loader.load(torch.class);
      torch.get_num_threads();
    } catch (IOException | LinkageError e) {
      throw new EngineUnavailableException(
          "LibTorch does not load here ("
              + firstLine(e)
              + "); see that org.bytedeco:pytorch is on the class path for "
              + platform
              + "; "
              + otherwise,
          e);
    }
  }

  /**
   * Unpacks the libraries that libtorch.so needs before anything loads it. Otherwise, with an empty
   * cache, the system's linker may bind it to another libtorch_cpu.so that happens to be installed,
   * and the process crashes. What a build does not have under these names is left to the loader.
   *
   * @return whether there were any for this platform
   */
  private static boolean extract(String platform) throws IOException {
    boolean found = false;
    for (String library : LIBRARIES) {
      File file =
          Loader.cacheResource(
              torch.class,
              "/org/bytedeco/pytorch/" + platform + "/" + System.mapLibraryName(library));
      found |= file != null;
    }
    return found;
  }

  private static String firstLine(Throwable e) {
    Throwable cause =
        e instanceof ExceptionInInitializerError && e.getCause() != null ? e.getCause() : e;
    String message = String.valueOf(cause.getMessage());
    return String.format(
        Locale.ROOT,
        "%s: %s",
        cause.getClass().getSimpleName(),
        message.lines().findFirst().orElse(""));
  }
}

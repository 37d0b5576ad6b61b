package dev.ect.model.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ServiceLoader;

/** Opens networks from TorchScript files. */
public final class ScriptedNetworks {
  private ScriptedNetworks() {}

  /**
   * Opens a network. The caller closes it. The file's code runs in LibTorch's interpreter with the
   * rights of this process: it must come from someone who is trusted.
   *
   * @param file as {@code torch.jit.save} writes it
   * @param name what messages call the file
   * @param expected what the file should be, for messages about one that is something else
   * @param options device and threads; the precision is the file's own
   * @throws dev.ect.model.io.BadFileException if it is missing or not such a file
   * @throws EngineUnavailableException if LibTorch cannot run here, or not on that device
   */
  public static ScriptedNetwork open(Path file, String name, String expected, EngineOptions options)
      throws IOException {
    ScriptedNetworkProvider provider =
        ServiceLoader.load(ScriptedNetworkProvider.class, ScriptedNetworks.class.getClassLoader())
            .findFirst()
            .orElseThrow(
                () ->
                    new EngineUnavailableException(
                        "detector networks need the torch engine's library, and nothing on the class path runs it"));
    return provider.open(file, name, expected, options);
  }
}

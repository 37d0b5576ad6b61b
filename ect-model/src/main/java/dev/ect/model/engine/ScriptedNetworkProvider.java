package dev.ect.model.engine;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Runs TorchScript networks; found by {@link java.util.ServiceLoader}. Constructing a provider
 * loads nothing native.
 */
public interface ScriptedNetworkProvider {
  /**
   * Loads the native library and the file; see {@link ScriptedNetworks#open}.
   *
   * @throws EngineUnavailableException if the native library does not load here, or lacks the
   *     device that the options ask for
   */
  ScriptedNetwork open(Path file, String name, String expected, EngineOptions options)
      throws IOException;
}

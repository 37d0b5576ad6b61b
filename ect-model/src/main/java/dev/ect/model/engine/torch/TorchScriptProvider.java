package dev.ect.model.engine.torch;

import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.ScriptedNetwork;
import dev.ect.model.engine.ScriptedNetworkProvider;
import java.io.IOException;
import java.nio.file.Path;

/** Runs TorchScript networks with LibTorch, on the CPU or on an NVIDIA GPU. */
public final class TorchScriptProvider implements ScriptedNetworkProvider {
  @Override
  public ScriptedNetwork open(Path file, String name, String expected, EngineOptions options)
      throws IOException {
    TorchLibrary.load("detector networks need the torch engine's library");
    return TorchScript.open(file, name, expected, options);
  }
}

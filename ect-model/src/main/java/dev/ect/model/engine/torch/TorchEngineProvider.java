package dev.ect.model.engine.torch;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;

/** Makes engines that compute with LibTorch, on the CPU or on an NVIDIA GPU. */
public final class TorchEngineProvider implements EngineProvider {
  @Override
  public String name() {
    return "torch";
  }

  @Override
  public int priority() {
    return 10;
  }

  @Override
  public Engine open(EngineOptions options) {
    TorchLibrary.load("or use the engine nd4j");
    return new TorchEngine(options, TorchDevice.open(options));
  }
}

package dev.ect.model.engine.nd4j;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;

/** The engine made of ND4J operations: float32, wherever an ND4J backend runs. */
public final class Nd4jEngineProvider implements EngineProvider {
  @Override
  public String name() {
    return Nd4jEngine.NAME;
  }

  @Override
  public int priority() {
    return 5;
  }

  @Override
  public Engine open(EngineOptions options) {
    return new Nd4jEngine(Nd4jDevice.open(options));
  }
}

package dev.ect.model.engine;

/** The contract on the torch engine. */
class TorchEngineContractTest extends EngineContractTest {
  @Override
  public Engine open() {
    return provided("torch");
  }
}

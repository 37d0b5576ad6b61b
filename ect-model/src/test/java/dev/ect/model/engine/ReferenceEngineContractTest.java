package dev.ect.model.engine;

/** The contract on the reference, whose own gradients are held to double precision. */
class ReferenceEngineContractTest extends EngineContractTest {
  @Override
  Engine open() {
    return new ReferenceEngine();
  }

  @Override
  public double tolerance() {
    return 1e-7;
  }

  @Override
  public boolean usesNativeMemory() {
    return false;
  }
}

package dev.ect.model.engine;

/** The contract on the nd4j engine. */
class Nd4jEngineContractTest extends EngineContractTest {
  @Override
  public Engine open() {
    return provided("nd4j");
  }
}

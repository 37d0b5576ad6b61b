package dev.ect.model.engine;

/** The contract on the torch engine with images as they lie in the memory of GPUs. */
class TorchChannelsLastContractTest extends EngineContractTest {
  @Override
  public Engine open() {
    return provided("torch", MemoryFormat.CHANNELS_LAST);
  }
}

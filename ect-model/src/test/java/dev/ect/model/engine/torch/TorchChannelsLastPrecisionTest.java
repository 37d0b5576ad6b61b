package dev.ect.model.engine.torch;

import dev.ect.model.engine.MemoryFormat;

/** The same with images as they lie in the memory of GPUs. */
class TorchChannelsLastPrecisionTest extends TorchPrecisionTest {
  @Override
  MemoryFormat format() {
    return MemoryFormat.CHANNELS_LAST;
  }
}

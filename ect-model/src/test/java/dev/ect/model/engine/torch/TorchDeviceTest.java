package dev.ect.model.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TorchDeviceTest {
  @Test
  void memoryThatCannotBeAskedForCountsAsNone() {
    assertEquals(0, new TorchDevice(-1, "cpu").memoryPeak());
    // of a GPU that no machine has, with a LibTorch that may lack CUDA
    assertEquals(0, new TorchDevice(99, "cuda:99").memoryPeak());
  }
}

package dev.ect.model.engine.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.nd4j.Nd4jDevice.Gpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class Nd4jDeviceTest {
  private static EngineOptions on(String device) {
    return new EngineOptions(Precision.FLOAT32, 2, device);
  }

  private static Gpu gpu(int major, int minor) {
    return new Gpu(1, 0, "NVIDIA H200", major, minor, null);
  }

  @ParameterizedTest
  @EnumSource(value = Precision.class, names = "FLOAT32", mode = EnumSource.Mode.EXCLUDE)
  void otherPrecisionsAreRefusedAndTheTorchEngineNamed(Precision precision) {
    EngineOptions options = on("auto").withPrecision(precision);
    var e =
        assertThrows(
            EngineUnavailableException.class, () -> new Nd4jEngineProvider().open(options));
    assertEquals(
        "engine nd4j computes in float32 only, found precision "
            + precision.id()
            + ": choose float32, or engine torch",
        e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"3, 7", "6, 1", "8, 0", "8, 6", "8, 9"})
  void gpusThatTheLibraryIsBuiltForAreTaken(int major, int minor) {
    assertNull(Nd4jDevice.gpuRefusal(on("auto"), true, gpu(major, minor)));
    assertNull(Nd4jDevice.gpuRefusal(on("cuda:0"), true, gpu(major, minor)));
  }

  @ParameterizedTest
  @CsvSource({"3, 5", "9, 0", "10, 0", "12, 0"})
  void otherGpusAreRefusedAndTheTorchEngineNamed(int major, int minor) {
    assertEquals(
        "engine nd4j: cuda:0, NVIDIA H200, has compute capability "
            + major
            + "."
            + minor
            + ", but ND4J's CUDA library is built for 3.7 to 8.6: choose engine torch",
        Nd4jDevice.gpuRefusal(on("auto"), true, gpu(major, minor)));
  }

  @Test
  void aGpuThatIsNotThereIsRefused() {
    String line = Nd4jDevice.gpuRefusal(on("cuda:1"), true, new Gpu(1, 1, "", 0, 0, null));
    assertTrue(line.contains("cuda:1 but the last GPU found is cuda:0"), line);
  }

  @Test
  void withoutAGpuTheCpuIsTakenUnlessCudaIsAskedFor() {
    Gpu none = new Gpu(0, 0, "", 0, 0, "no libcuda.so.1");
    assertNull(Nd4jDevice.gpuRefusal(on("auto"), true, none));
    assertNull(Nd4jDevice.gpuRefusal(on("cpu"), true, none));
    String line = Nd4jDevice.gpuRefusal(on("cuda"), true, none);
    assertTrue(line.contains("device is cuda but no GPU was found (no libcuda.so.1)"), line);
    assertTrue(Nd4jDevice.gpuRefusal(on("auto"), false, none).contains("no GPU was found"));
  }

  @Test
  void theCpuIsRefusedWhereNd4jWouldTakeTheGpu() {
    String line = Nd4jDevice.gpuRefusal(on("cpu"), true, gpu(8, 0));
    assertTrue(line.contains("build without the Maven profile nd4j-cuda"), line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda", "cuda:1"})
  void cudaIsRefusedWithTheCpuBackend(String device) {
    String line = Nd4jDevice.refusal(on(device), true, false);
    assertTrue(
        line.contains(
            "device is " + device + " but ND4J's backend on the class path is for the CPU"),
        line);
    assertTrue(line.contains("profile nd4j-cuda"), line);
    assertNull(Nd4jDevice.refusal(on(device), true, true));
  }

  @Test
  void noBackendIsRefused() {
    assertTrue(Nd4jDevice.refusal(on("auto"), false, false).contains("no ND4J backend"));
  }
}

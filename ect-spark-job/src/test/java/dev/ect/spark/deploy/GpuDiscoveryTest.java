package dev.ect.spark.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuDiscoveryTest {
  @TempDir Path folder;

  /** With a program in the place of nvidia-smi. */
  private Script discover(String program) throws Exception {
    if (program != null) {
      Script.program(folder.resolve("nvidia-smi"), program);
    }
    String path = folder + ":" + System.getenv("PATH");
    return Script.run(Map.of("PATH", path), "gpu-discovery.sh", List.of());
  }

  private static void assertFails(String line, Script script) {
    assertEquals(new Script(1, List.of(), List.of("gpu-discovery: " + line)), script);
  }

  @Test
  void printsWhatSparkReads() throws Exception {
    assertEquals(List.of("{\"name\":\"gpu\",\"addresses\":[\"0\"]}"), discover("echo 0").out());
    assertEquals(
        List.of("{\"name\":\"gpu\",\"addresses\":[\"0\",\"1\",\"10\"]}"),
        discover("printf '0\\n1\\n10\\n'").out());
  }

  @Test
  void saysInOneLineWhyThereIsNone() throws Exception {
    assertFails(
        "nvidia-smi failed: NVIDIA-SMI has failed because it couldn't communicate with the driver.",
        discover(
            "echo \"NVIDIA-SMI has failed because it couldn't communicate with the driver.\"; exit"
                + " 9"));
    assertFails(
        "nvidia-smi found no GPU: 'No devices were found'", discover("echo No devices were found"));
    assertFails("nvidia-smi found no GPU: ''", discover("true"));
  }

  @Test
  void saysThatTheProgramIsMissing() throws Exception {
    assertFails(
        "no nvidia-smi on the PATH; expected NVIDIA's driver on this machine, and in containers its"
            + " container runtime",
        Script.run(Map.of("PATH", folder.toString()), "gpu-discovery.sh", List.of()));
  }
}

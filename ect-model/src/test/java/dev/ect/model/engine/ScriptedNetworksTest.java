package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ScriptedNetworksTest {
  /** Tries to open a network in a Java process of its own. */
  static final class Opener {
    private Opener() {}

    /** Prints why it cannot. */
    public static void main(String[] args) throws IOException {
      try (ScriptedNetwork network =
          ScriptedNetworks.open(Path.of(args[0]), args[0], "a network", EngineOptions.defaults())) {
        System.out.println("opened on " + network.device());
      } catch (EngineUnavailableException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void withoutLibTorchItSaysWhatIsMissing() throws IOException, InterruptedException {
    String withoutLibTorch =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.contains("pytorch-"))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                withoutLibTorch,
                Opener.class.getName(),
                Goldens.resource("detectors/vgg.pt").toString())
            .redirectErrorStream(true)
            .start();
    String output;
    try (InputStream stream = process.getInputStream()) {
      output = new String(stream.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), output);
    assertTrue(output.startsWith("LibTorch does not load here ("), output);
    assertTrue(output.endsWith("; detector networks need the torch engine's library"), output);
    assertEquals(1, output.lines().count(), output);
  }
}

package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EnginesTest {
  private static final EngineOptions CPU = new EngineOptions(Precision.FLOAT32, 1, "cpu");

  /** Lists the providers in a Java process of its own. */
  static final class Lister {
    private Lister() {}

    /** Prints the providers' names. */
    public static void main(String[] args) {
      Engines.providers().forEach(p -> System.out.println(p.name()));
    }
  }

  @Test
  void anUnknownEngineIsRefusedWithTheKnownOnes() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Engines.open("tpu", CPU).close());
    assertTrue(e.getMessage().contains("'tpu'"), e.getMessage());
    for (String known : List.of("auto", "nd4j", "torch")) {
      assertTrue(e.getMessage().contains(known), e.getMessage());
    }
  }

  @Test
  void providersComeBestFirst() {
    List<EngineProvider> providers = Engines.providers();
    assertEquals(2, providers.size());
    assertTrue(providers.get(0).priority() > providers.get(1).priority());
  }

  @Test
  void listingProvidersLoadsNothingNative() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-verbose:class",
                "-cp",
                System.getProperty("java.class.path"),
                Lister.class.getName())
            .redirectErrorStream(true)
            .start();
    String output;
    try (InputStream stream = process.getInputStream()) {
      output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), output);
    assertTrue(output.lines().anyMatch("torch"::equals), "torch is listed");
    assertTrue(output.lines().anyMatch("nd4j"::equals), "nd4j is listed");
    for (String library : List.of("org.bytedeco.", "org.nd4j.")) {
      assertTrue(!output.contains(" " + library), library + " was loaded");
    }
  }

  @Test
  void wrongOptionsAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new EngineOptions(Precision.FLOAT32, 0, "cpu"));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new EngineOptions(Precision.FLOAT32, 1, "gpu"));
    assertTrue(e.getMessage().contains("'gpu'"), e.getMessage());
    IllegalArgumentException precision =
        assertThrows(IllegalArgumentException.class, () -> Precision.of("float16"));
    assertTrue(precision.getMessage().contains("'float16'"), precision.getMessage());
    assertEquals(Precision.TF32, Precision.of("tf32"));
    assertEquals("bfloat16", Precision.BFLOAT16.id());
  }
}

package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.Goldens;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.engine.ScriptedNetwork;
import dev.ect.model.engine.ScriptedNetworks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks with the call of the FID's Inception network give PyTorch's numbers. */
class DetectorGoldenTest {
  private static final double TOLERANCE = 1e-4;
  private static final double ROUNDING = 1e-5;

  static List<Path> files() {
    return Goldens.files("detector", ".pt");
  }

  /** A golden's inputs and outputs. */
  private record Case(Path file, Goldens golden, ImageShape shape, byte[][] images, int width) {
    static Case of(Path file) {
      String name = String.valueOf(file.getFileName()).replace(".pt", ".expected.safetensors");
      Goldens golden = Goldens.read(file.resolveSibling(name));
      long[] size = golden.shape("in.images");
      ImageShape shape = new ImageShape((int) size[1], (int) size[2], (int) size[3]);
      byte[] bytes = golden.bytes("in.images");
      byte[][] images = new byte[(int) size[0]][];
      for (int i = 0; i < images.length; i++) {
        images[i] = Arrays.copyOfRange(bytes, i * shape.size(), (i + 1) * shape.size());
      }
      return new Case(file, golden, shape, images, (int) golden.shape("out.features")[1]);
    }

    Detector open() throws IOException {
      return Detector.open(
          file, file.toString(), DetectorKind.INCEPTION, width, Goldens.options("torch"));
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void featuresAndProbabilitiesAreThoseOfPyTorch(Path file) throws IOException {
    Case c = Case.of(file);
    try (Detector detector = c.open()) {
      assertEquals(c.width, detector.width());
      assertThrows(IllegalStateException.class, detector::classes);
      detector.probe(c.shape);
      int classes = (int) c.golden.shape("out.probs_no_bias")[1];
      assertEquals(classes, detector.classes());
      Goldens.assertClose(
          "features",
          c.golden.floats("out.features"),
          detector.features(c.images, c.shape),
          TOLERANCE);
      float[] probabilities = detector.probabilities(c.images, c.shape);
      Goldens.assertClose(
          "probabilities", c.golden.floats("out.probs_no_bias"), probabilities, TOLERANCE);
      assertEquals(c.images.length * classes, probabilities.length);
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void keywordsThatAreNotGivenKeepTheirDefaults(Path file) throws IOException {
    Case c = Case.of(file);
    try (ScriptedNetwork network =
        ScriptedNetworks.open(file, file.toString(), "a network", Goldens.options("torch"))) {
      ScriptedNetwork.Output output =
          network.run(c.golden.bytes("in.images"), c.golden.shape("in.images"), Map.of());
      assertArrayEquals(c.golden.shape("out.probs"), output.shape());
      Goldens.assertClose(
          "probabilities", c.golden.floats("out.probs"), output.values(), TOLERANCE);
      float[] off =
          network
              .run(
                  c.golden.bytes("in.images"),
                  c.golden.shape("in.images"),
                  Map.of("return_features", false, "no_output_bias", false))
              .values();
      assertArrayEquals(output.values(), off);
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyCallGivesTheSameBits(Path file) throws IOException {
    Case c = Case.of(file);
    try (Detector detector = c.open()) {
      float[] features = detector.features(c.images, c.shape);
      float[] probabilities = detector.probabilities(c.images, c.shape);
      for (int call = 2; call <= 5; call++) {
        assertArrayEquals(features, detector.features(c.images, c.shape), "call " + call);
        assertArrayEquals(probabilities, detector.probabilities(c.images, c.shape), "call " + call);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void theBatchAroundAnImageDoesNotMatter(Path file) throws IOException {
    Case c = Case.of(file);
    try (Detector detector = c.open()) {
      float[] batch = detector.features(c.images, c.shape);
      float[] single = new float[batch.length];
      for (int i = 0; i < c.images.length; i++) {
        float[] features = detector.features(new byte[][] {c.images[i]}, c.shape);
        assertEquals(c.width, features.length);
        System.arraycopy(features, 0, single, i * c.width, c.width);
      }
      Goldens.assertClose("features", batch, single, ROUNDING);
      assertEquals(0, detector.features(new byte[0][], c.shape).length);
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void detectorsOnTwoThreadsDoNotDisturbEachOther(Path file)
      throws IOException, InterruptedException, ExecutionException {
    Case c = Case.of(file);
    float[] expected;
    try (Detector detector = c.open()) {
      expected = detector.features(c.images, c.shape);
    }
    Callable<Void> task =
        () -> {
          try (Detector detector = c.open()) {
            for (int call = 0; call < 20; call++) {
              assertArrayEquals(expected, detector.features(c.images, c.shape));
            }
          }
          return null;
        };
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (Future<Void> result : threads.invokeAll(List.of(task, task))) {
        result.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}

package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Precision;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The networks here are small ones that make_detectors.py wrote, with PyTorch's results. */
class DetectorTest {
  private static final EngineOptions CPU = new EngineOptions(Precision.FLOAT32, 2, "cpu");
  private static final Path FOLDER = Goldens.resource("detectors");
  private static final Goldens EXPECTED =
      Goldens.read(FOLDER.resolve("detectors.expected.safetensors"));
  private static final ImageShape GREY = ImageShape.square(1, 32);
  private static final double TOLERANCE = 1e-6;

  private static Detector open(String file, DetectorKind kind, int width) throws IOException {
    return Detector.open(FOLDER.resolve(file), file, kind, width, CPU);
  }

  private static ImageShape shape(String name) {
    long[] size = EXPECTED.shape(name);
    return new ImageShape((int) size[1], (int) size[2], (int) size[3]);
  }

  private static byte[][] images(String name) {
    byte[] bytes = EXPECTED.bytes(name);
    int size = shape(name).size();
    byte[][] images = new byte[bytes.length / size][];
    for (int i = 0; i < images.length; i++) {
      images[i] = Arrays.copyOfRange(bytes, i * size, (i + 1) * size);
    }
    return images;
  }

  @ParameterizedTest
  @CsvSource({"vgg,VGG16", "dino,DINOV2"})
  void featuresAreThoseOfPyTorch(String network, DetectorKind kind) throws IOException {
    try (Detector detector = open(network + ".pt", kind, 8)) {
      for (int round = 0; round < 2; round++) {
        for (String colours : new String[] {"rgb", "grey"}) {
          byte[][] images = images("in." + colours);
          float[] features = detector.features(images, shape("in." + colours));
          String expected = network + "." + colours;
          Goldens.assertClose(expected, EXPECTED.floats(expected), features, TOLERANCE);
        }
      }
      detector.probe(GREY);
      assertThrows(
          IllegalStateException.class,
          () -> detector.probabilities(images("in.rgb"), shape("in.rgb")));
    }
  }

  /** One relies on the order of its activations in memory; one holds its weights as constants. */
  @ParameterizedTest
  @ValueSource(strings = {"view.pt", "frozen.pt"})
  void networksOfOtherMakesWorkToo(String file) throws IOException {
    byte[][] images = images("in.rgb");
    ImageShape shape = shape("in.rgb");
    try (Detector detector = open(file, DetectorKind.INCEPTION, 64)) {
      Goldens.assertClose(
          file, EXPECTED.floats("view.features"), detector.features(images, shape), TOLERANCE);
      Goldens.assertClose(
          file,
          EXPECTED.floats("view.probabilities"),
          detector.probabilities(images, shape),
          TOLERANCE);
      assertEquals(64, detector.classes());
    }
  }

  @Test
  void aGreyImageIsItsRepetitionInThreeChannels() throws IOException {
    byte[] grey = images("in.grey")[1];
    byte[] colours = new byte[3 * grey.length];
    for (int channel = 0; channel < 3; channel++) {
      System.arraycopy(grey, 0, colours, channel * grey.length, grey.length);
    }
    for (DetectorKind kind : new DetectorKind[] {DetectorKind.VGG16, DetectorKind.DINOV2}) {
      try (Detector detector = open(kind == DetectorKind.VGG16 ? "vgg.pt" : "dino.pt", kind, 8)) {
        assertArrayEquals(
            detector.features(new byte[][] {colours}, new ImageShape(3, 20, 24)),
            detector.features(new byte[][] {grey}, new ImageShape(1, 20, 24)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no-keyword.pt|3|cannot be called as net(uint8 [1, 3, 32, 32], return_features=True): Unknown keyword argument 'return_features' for operator 'forward'. Schema: forward(__torch__.NoKeyword self, Tensor img) -> Tensor",
        "two-inputs.pt|3|cannot be called as net(uint8 [1, 3, 32, 32], return_features=True): forward() is missing value for argument 'mask'. Declaration: forward(__torch__.TwoInputs self, Tensor img, Tensor mask, bool return_features=False) -> Tensor",
        "float-only.pt|4|cannot be called as net(uint8 [1, 3, 32, 32], return_features=True): Input type (unsigned char) and bias type (float) should be the same",
        "spatial.pt|3|gives features of shape [1, 3, 2, 2]; expected [1, 3] from ",
        "not-a-number.pt|3|gives NaN as number 0 of image 0; expected finite numbers from ",
        "pair.pt|3|gives a Tuple and not a single Tensor",
        "logits.pt|3|gives numbers that sum to 384.0 as the class probabilities of an image; expected a softmax, from ",
        "weights.pt|3|cannot be loaded as TorchScript (PytorchStreamReader failed locating file constants.pkl: file not found); see that it is whole",
        "detectors.expected.safetensors|3|is not a TorchScript file",
        "make_detectors.py|3|is not a TorchScript file",
        "absent.pt|3|does not exist",
        ".|3|is no file",
      })
  void otherFilesAreRefusedInOneLine(String file, int width, String message) {
    assertRefused(
        file + ": " + message,
        () -> {
          try (Detector detector = open(file, DetectorKind.INCEPTION, width)) {
            detector.probe(GREY);
          }
        });
  }

  /** One line, which names the published file. */
  private static void assertRefused(String start, Executable call) {
    String message = assertThrows(BadFileException.class, call).getMessage();
    assertEquals(start, message.substring(0, Math.min(start.length(), message.length())));
    assertFalse(message.contains("\n"), message);
    assertTrue(message.contains(DetectorKind.INCEPTION.published()), message);
  }

  @Test
  void aFileThatIsCutOffIsRefused(@TempDir Path folder) throws IOException {
    byte[] whole = Files.readAllBytes(FOLDER.resolve("vgg.pt"));
    Path file = folder.resolve("cut.pt");
    for (int length : new int[] {whole.length - 1, whole.length / 2, 4, 0}) {
      Files.write(file, Arrays.copyOf(whole, length));
      String problem =
          length < 4
              ? "is not a TorchScript file"
              : "cannot be loaded as TorchScript (PytorchStreamReader failed reading zip archive: ";
      assertRefused(
          "cut.pt: " + problem,
          () -> Detector.open(file, "cut.pt", DetectorKind.INCEPTION, 0, CPU).close());
    }
  }

  @Test
  void anotherWidthIsRefusedWithTheKeyThatAllowsIt() throws IOException {
    try (Detector detector = open("vgg.pt", DetectorKind.VGG16, 0)) {
      assertEquals(4096, detector.width());
      assertEquals(
          "vgg.pt: gives features of shape [1, 8]; expected [1, 4096] from "
              + DetectorKind.VGG16.published()
              + "; for a network of another width set evaluation.vgg16.width = 8",
          assertThrows(BadFileException.class, () -> detector.probe(GREY)).getMessage());
    }
  }

  @Test
  void wrongArgumentsAreRefused() throws IOException {
    assertThrows(
        IllegalArgumentException.class, () -> open("vgg.pt", DetectorKind.VGG16, -1).close());
    try (Detector detector = open("vgg.pt", DetectorKind.VGG16, 8)) {
      byte[][] images = {new byte[GREY.size()], new byte[7]};
      assertEquals(
          "image 1 has 7 bytes; expected 1024 for 32x32 grey",
          assertThrows(IllegalArgumentException.class, () -> detector.features(images, GREY))
              .getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource
  void kindsHaveTheirNames(DetectorKind kind) {
    assertEquals(kind, DetectorKind.of(kind.id()));
    assertEquals(
        switch (kind) {
          case INCEPTION -> "inception 2048";
          case VGG16 -> "vgg16 4096";
          case DINOV2 -> "dinov2 1024";
        },
        kind.id() + " " + kind.width());
  }

  @Test
  void anUnknownKindIsRefused() {
    assertEquals(
        "detector is 'resnet'; expected one of inception, vgg16, dinov2",
        assertThrows(IllegalArgumentException.class, () -> DetectorKind.of("resnet")).getMessage());
  }
}

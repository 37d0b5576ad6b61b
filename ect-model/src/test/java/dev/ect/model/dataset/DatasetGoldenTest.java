package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.Goldens;
import dev.ect.model.io.LocalStore;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipFile;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Zips that the EDM dataset tool wrote, read by this project and by Java's own zip and image
 * readers.
 */
class DatasetGoldenTest {
  static List<Path> zips() {
    return Goldens.files("dataset-", ".zip");
  }

  @ParameterizedTest
  @MethodSource("zips")
  void readsWhatTheDatasetToolWrote(Path path) throws IOException {
    try (EdmDataset dataset =
            EdmDataset.open(new LocalStore(), path.toString(), DatasetOptions.ALL);
        ZipFile zip = new ZipFile(path.toFile())) {
      assertEquals(
          zip.stream().filter(entry -> entry.getName().endsWith(".png")).count(), dataset.size());
      String json;
      try (InputStream in = zip.getInputStream(zip.getEntry("dataset.json"))) {
        json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      ImageShape shape = dataset.shape();
      for (int i = 0; i < dataset.size(); i++) {
        String name = dataset.index().imageName(i);
        byte[] expected = new byte[shape.size()];
        try (InputStream in = zip.getInputStream(zip.getEntry(name))) {
          BufferedImage image = ImageIO.read(in);
          int plane = shape.height() * shape.width();
          for (int j = 0; j < expected.length; j++) {
            expected[j] =
                (byte)
                    image
                        .getRaster()
                        .getSample(j % shape.width(), j % plane / shape.width(), j / plane);
          }
        }
        assertArrayEquals(expected, dataset.image(i), name);
        int label = dataset.index().classOf(i);
        String entry = "[\"" + name + "\"," + label + "]";
        assertEquals(label >= 0, json.replace(" ", "").contains(entry), entry);
      }
    }
  }
}

package dev.ect.model.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.LocalStore;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageGridTest {
  private static final ImageShape PAIR = new ImageShape(3, 1, 2);

  @TempDir Path folder;

  @Test
  void placesImagesRowByRowAndMagnifiesThem() throws IOException {
    byte[][] images = {{1, 2, 10, 20, 100, 110}, {3, 4, 30, 40, 50, 60}, {5, 6, 70, 80, 90, 95}};
    Path path = folder.resolve("grid.png");
    ImageGrid.write(new LocalStore(), path.toString(), images, PAIR, 2, 3);
    BufferedImage grid = ImageIO.read(path.toFile());
    assertEquals(12, grid.getWidth());
    assertEquals(6, grid.getHeight());
    int[][] expected = {{0x010A64, 0x02146E, 0x031E32, 0x04283C}, {0x05465A, 0x06505F, 0, 0}};
    for (int y = 0; y < 6; y++) {
      for (int x = 0; x < 12; x++) {
        assertEquals(expected[y / 3][x / 3], grid.getRGB(x, y) & 0xFFFFFF, x + ", " + y);
      }
    }
  }

  @Test
  void writesGreyGrids() throws IOException {
    Path path = folder.resolve("grey.png");
    ImageGrid.write(
        new LocalStore(),
        path.toString(),
        new byte[][] {{7}, {(byte) 200}},
        new ImageShape(1, 1, 1),
        2,
        1);
    BufferedImage grid = ImageIO.read(path.toFile());
    assertEquals(1, grid.getRaster().getNumBands());
    assertEquals(7, grid.getRaster().getSample(0, 0, 0));
    assertEquals(200, grid.getRaster().getSample(1, 0, 0));
  }

  @Test
  void refusesImagesOfAnotherSize() {
    IllegalArgumentException thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> ImageGrid.png(new byte[][] {new byte[6], new byte[5]}, PAIR, 2, 1));
    assertEquals("image 1 has 5 bytes; expected 6 for 1x2 RGB", thrown.getMessage());
    assertThrows(IllegalArgumentException.class, () -> ImageGrid.png(new byte[0][], PAIR, 1, 1));
  }
}

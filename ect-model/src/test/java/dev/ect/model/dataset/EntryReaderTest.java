package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.ZipDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EntryReaderTest {
  @TempDir private Path folder;

  @Test
  void refusesASizeThatNoPackedBytesUnpackTo() throws IOException {
    Path zip = folder.resolve("images.zip");
    // Nothing is packed more tightly than equal bytes.
    byte[] equal = new byte[1 << 20];
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("a.png"));
      out.write(equal);
    }
    LocalStore store = new LocalStore();
    try (EntryReader reader = new EntryReader(store, zip.toString(), DatasetIndex.Kind.ZIP)) {
      ZipDirectory.Entry entry = ZipDirectory.read(zip.toString(), reader.zip()).get(0);
      assertArrayEquals(equal, reader.readEntry(entry));
      ZipDirectory.Entry hostile =
          new ZipDirectory.Entry(
              entry.name(), entry.method(), entry.crc(), entry.header(), entry.stored(), 1 << 30);
      assertEquals(
          reader.label("a.png")
              + ": is damaged: "
              + entry.stored()
              + " packed bytes cannot unpack to 1073741824, as the zip's directory says",
          assertThrows(BadFileException.class, () -> reader.readEntry(hostile)).getMessage());
    }
  }
}

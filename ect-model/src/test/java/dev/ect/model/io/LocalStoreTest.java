package dev.ect.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStoreTest {
  @TempDir Path folder;

  private final Store store = new LocalStore();

  @Test
  void writesAWholeFileAndTheFoldersAboveIt() throws IOException {
    String path = folder + "/a/b/file.txt";
    store.write(path, out -> out.write(bytes("first")));
    store.write(path, out -> out.write(bytes("second")));
    assertArrayEquals(bytes("second"), store.readAll(path));
    assertEquals(List.of("file.txt"), names(store.list(folder + "/a/b", false)));
  }

  @Test
  void keepsTheOldFileAndLeavesNothingElseWhenWritingFails() throws IOException {
    String path = folder + "/file.txt";
    store.write(path, out -> out.write(bytes("old")));
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                store.write(
                    path,
                    out -> {
                      out.write(bytes("half"));
                      assertArrayEquals(bytes("old"), store.readAll(path));
                      throw new IOException("disk full");
                    }));
    assertEquals("disk full", thrown.getMessage());
    assertArrayEquals(bytes("old"), store.readAll(path));
    assertEquals(List.of("file.txt"), names(store.list(folder.toString(), false)));
  }

  @Test
  void readsByPosition() throws IOException {
    String path = folder + "/file";
    store.write(path, out -> out.write(bytes("0123456789")));
    try (RandomInput input = store.openRandom(path)) {
      byte[] buffer = bytes("......");
      input.readFully(7, buffer, 2, 3);
      assertEquals("..789.", new String(buffer, StandardCharsets.US_ASCII));
      assertEquals(10, input.length());
      EOFException thrown =
          assertThrows(EOFException.class, () -> input.readFully(8, buffer, 0, 3));
      assertEquals(path + ": ends at byte 10; expected 3 bytes at 8", thrown.getMessage());
    }
  }

  @Test
  void listsAFolderByNameWithSizes() throws IOException {
    store.write(folder + "/b/2", out -> out.write(new byte[2]));
    store.write(folder + "/b/1", out -> out.write(new byte[1]));
    store.write(folder + "/a", out -> out.write(new byte[3]));
    assertEquals(List.of("a", "b"), names(store.list(folder.toString(), false)));
    List<StoredFile> all = store.list(folder + "/", true);
    assertEquals(List.of("a", "b/1", "b/2"), names(all));
    assertEquals(List.of(3L, 1L, 2L), all.stream().map(StoredFile::length).toList());
    assertArrayEquals(new byte[2], store.readAll(all.get(2).path()));
    assertTrue(store.info(folder + "/b").directory());
    assertFalse(store.info(folder + "/b/1").directory());
    assertEquals(Files.getLastModifiedTime(folder.resolve("a")).toMillis(), all.get(0).modified());
  }

  @Test
  void deletesFoldersWithTheirContents() throws IOException {
    store.write(folder + "/b/c/d", out -> out.write(1));
    store.delete(folder + "/b");
    store.delete(folder + "/b");
    assertFalse(store.exists(folder + "/b"));
    assertTrue(store.exists(folder.toString()));
  }

  @Test
  void takesFileUris() throws IOException {
    for (String uri :
        List.of(
            "file:" + folder + "/a b%20",
            "file://" + folder + "/a b%20",
            "file://localhost" + folder + "/a b%20")) {
      store.write(uri, out -> out.write(7));
      assertArrayEquals(new byte[] {7}, Files.readAllBytes(folder.resolve("a b%20")));
      assertEquals(1, store.info(uri).length());
      store.delete(store.list(Store.parent(uri), true).get(0).path());
      assertFalse(store.exists(uri));
    }
  }

  @Test
  void namesWhatIsMissingOrOfTheWrongKind() throws IOException {
    String missing = folder + "/missing";
    for (FileNotFoundException thrown :
        List.of(
            assertThrows(FileNotFoundException.class, () -> store.info(missing)),
            assertThrows(FileNotFoundException.class, () -> store.open(missing)),
            assertThrows(FileNotFoundException.class, () -> store.openRandom(missing)),
            assertThrows(FileNotFoundException.class, () -> store.list(missing, true)))) {
      assertEquals(missing + ": no such file or folder", thrown.getMessage());
    }
    store.write(missing, out -> {});
    assertEquals(
        missing + ": is a file; expected a folder",
        assertThrows(BadFileException.class, () -> store.list(missing, true)).getMessage());
    assertEquals(
        folder + ": is a folder; expected a file",
        assertThrows(BadFileException.class, () -> store.open(folder.toString())).getMessage());
  }

  @Test
  void takesPathsApart() {
    assertEquals("hdfs://host/a", Store.parent("hdfs://host/a/b/"));
    assertEquals("b", Store.name("hdfs://host/a/b/"));
    assertEquals("/", Store.parent("/b"));
    assertEquals("", Store.parent("b"));
    assertEquals("b", Store.join(Store.parent("b"), "b"));
    assertEquals("/b", Store.join("/", "b"));
    assertEquals("a/b", Store.join("a", "b"));
  }

  private static List<String> names(List<StoredFile> files) {
    return files.stream().map(StoredFile::name).toList();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

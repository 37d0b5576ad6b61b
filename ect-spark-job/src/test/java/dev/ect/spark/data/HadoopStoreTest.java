package dev.ect.spark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.security.UserGroupInformation;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HadoopStoreTest {
  private static final int SEVERAL = 4;
  private static MiniDFSCluster hdfs;

  @TempDir Path folder;

  @BeforeAll
  static void startHdfs(@TempDir Path base) throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, base.toString());
    hdfs = new MiniDFSCluster.Builder(configuration).build();
  }

  @AfterAll
  static void stopHdfs() {
    if (hdfs != null) {
      hdfs.shutdown();
    }
  }

  /** What stands before an absolute path: of this machine, and of HDFS. */
  static List<String> atomicSystems() {
    return List.of("", hdfs());
  }

  private static String hdfs() {
    return "hdfs://localhost:" + hdfs.getNameNodePort();
  }

  /** Federated systems too. */
  static List<String> systems() {
    return Stream.concat(atomicSystems().stream(), Stream.of("viewfs://here")).toList();
  }

  static List<String> everySystem() {
    return Stream.concat(systems().stream(), Stream.of("file:")).toList();
  }

  private static HadoopStore store() {
    // Hadoop's federation of file systems, with one mount: the local root.
    Configuration configuration = new Configuration();
    configuration.set("fs.viewfs.mounttable.here.linkFallback", "file:///");
    return new HadoopStore(configuration);
  }

  private static void put(Store store, String path, String text) throws IOException {
    store.write(path, out -> out.write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @MethodSource("everySystem")
  void filesGoInAndOut(String scheme) throws Exception {
    HadoopStore store = store();
    String root = scheme + folder;
    String file = Store.join(root, "a/b.txt");
    assertFalse(store.exists(file));
    put(store, file, "one");
    put(store, file, "another");
    assertEquals(7, store.info(file).length());
    assertArrayEquals(
        "another".getBytes(java.nio.charset.StandardCharsets.UTF_8), store.readAll(file));
    try (RandomInput in = store.openRandom(file)) {
      byte[] part = new byte[3];
      in.readFully(2, part, 0, 3);
      assertArrayEquals("oth".getBytes(java.nio.charset.StandardCharsets.UTF_8), part);
      assertEquals(7, in.length());
      assertThrows(EOFException.class, () -> in.readFully(6, part, 0, 3));
    }
    put(store, Store.join(root, "c.txt"), "");
    assertEquals(
        List.of("a/b.txt", "c.txt"),
        store.list(root, true).stream().map(StoredFile::name).toList());
    assertEquals(
        List.of("a", "c.txt"), store.list(root, false).stream().map(StoredFile::name).toList());
    assertArrayEquals(store.readAll(file), store.readAll(store.list(root, true).get(0).path()));
    store.delete(Store.join(root, "a"));
    assertFalse(store.exists(file));
  }

  @ParameterizedTest
  @MethodSource("systems")
  void aFailedWriteLeavesTheOldFile(String scheme) throws Exception {
    HadoopStore store = store();
    String file = Store.join(scheme + folder, "kept");
    put(store, file, "old");
    assertThrows(
        IOException.class,
        () ->
            store.write(
                file,
                out -> {
                  out.write(1);
                  throw new IOException("disk full");
                }));
    assertEquals(1, store.list(scheme + folder, true).size());
    assertEquals(3, store.info(file).length());
  }

  @ParameterizedTest
  @MethodSource("systems")
  void aFolderIsRenamedAsAWholeAndNeverOntoAnother(String scheme) throws Exception {
    HadoopStore store = store();
    String from = Store.join(scheme + folder, "from");
    String to = Store.join(scheme + folder, "to");
    put(store, Store.join(from, "a/b.txt"), "one");
    store.renameDirectory(from, to);
    assertFalse(store.exists(from));
    assertEquals(List.of("a/b.txt"), store.list(to, true).stream().map(StoredFile::name).toList());
    store.makeDirectories(from);
    assertThrows(
        java.nio.file.FileAlreadyExistsException.class, () -> store.renameDirectory(to, from));
    assertEquals(List.of(), store.list(from, true));
    assertTrue(store.exists(Store.join(to, "a/b.txt")));
  }

  @ParameterizedTest
  @MethodSource("systems")
  void missingFilesAreNamed(String scheme) {
    String file = Store.join(scheme + folder, "gone");
    FileNotFoundException e =
        assertThrows(
            FileNotFoundException.class,
            () -> {
              try (InputStream in = store().open(file)) {
                in.readAllBytes();
              }
            });
    assertTrue(e.getMessage().contains(file), e.getMessage());
  }

  @Test
  void messagesSayWhichFileSystemAPathBelongsTo() throws Exception {
    String root = hdfs();
    Configuration configuration = new Configuration();
    configuration.set("fs.defaultFS", root);
    HadoopStore store = new HadoopStore(configuration);
    assertEquals(root + "/a.zip", store.qualified("/a.zip"));
    String home = root + "/user/" + UserGroupInformation.getCurrentUser().getShortUserName();
    assertEquals(home + "/a.zip", store.qualified("a.zip"));
    for (String clear : List.of("file:/a.zip", "viewfs://here/a.zip", "http://here/a.zip")) {
      assertEquals(clear, store.qualified(clear));
    }
    assertEquals("/a.zip", store().qualified("/a.zip"));
    String line = assertThrows(FileNotFoundException.class, () -> store.info("/a")).getMessage();
    assertEquals(root + "/a: no such file or folder", line);
  }

  @ParameterizedTest
  @MethodSource("systems")
  void itTravels(String scheme) throws Exception {
    HadoopStore store = store();
    String file = Store.join(scheme + folder, "x");
    put(store, file, "here");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(store);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertEquals(4, ((HadoopStore) in.readObject()).readAll(file).length);
    }
  }

  @ParameterizedTest
  @MethodSource("atomicSystems")
  void ofSeveralThatWantAFolderOneGetsIt(String scheme) throws Exception {
    HadoopStore store = store();
    for (int round = 0; round < 5; round++) {
      String claimed = Store.join(scheme + folder, "claimed" + round);
      assertEquals(1, winners(i -> store.claimDirectory(claimed)));
      String renamed = Store.join(scheme + folder, "renamed" + round);
      for (int i = 0; i < SEVERAL; i++) {
        put(store, Store.join(renamed + "-" + i, "x"), "x");
      }
      assertEquals(1, winners(i -> renames(store, renamed + "-" + i, renamed)));
      assertEquals(1, store.list(renamed, true).size());
    }
  }

  private static boolean renames(Store store, String from, String to) throws IOException {
    try {
      store.renameDirectory(from, to);
      return true;
    } catch (java.nio.file.FileAlreadyExistsException e) {
      assertEquals(to, e.getFile());
      return false;
    }
  }

  /** What one of several does at the same time as the others; whether it succeeded. */
  private interface Attempt {
    boolean by(int number) throws Exception;
  }

  private static int winners(Attempt attempt) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(SEVERAL);
    try {
      CyclicBarrier start = new CyclicBarrier(SEVERAL);
      List<Future<Boolean>> attempts = new ArrayList<>();
      for (int i = 0; i < SEVERAL; i++) {
        int number = i;
        attempts.add(
            threads.submit(
                () -> {
                  start.await();
                  return attempt.by(number);
                }));
      }
      int winners = 0;
      for (Future<Boolean> each : attempts) {
        winners += each.get() ? 1 : 0;
      }
      return winners;
    } finally {
      threads.shutdownNow();
    }
  }

  /** Executors have working folders of their own. */
  @Test
  void relativePathsStayTheDriversOnTheirWayToExecutors(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("here.txt"), "found");
    HadoopStore driver =
        new HadoopStore(new Configuration(), DownloadListener.NONE, folder.toString());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(driver);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      HadoopStore executor = (HadoopStore) in.readObject();
      assertEquals("found", new String(executor.readAll("here.txt"), StandardCharsets.UTF_8));
      executor.write("there.txt", out -> out.write(1));
      assertTrue(Files.exists(folder.resolve("there.txt")));
    }
  }

  @Test
  void withoutAFolderOfItsOwnItRefusesRelativePaths() {
    HadoopStore store = new HadoopStore(new Configuration(), DownloadListener.NONE, "");
    String line =
        assertThrows(BadFileException.class, () -> store.exists("runs/a.zip")).getMessage();
    assertTrue(line.startsWith("runs/a.zip: is relative to the driver's folder, "), line);
    assertThrows(BadFileException.class, () -> store.makeDirectories("runs"));
    assertDoesNotThrow(() -> store.exists("/a.zip"));
    assertDoesNotThrow(() -> store.exists("file:///a.zip"));
  }
}

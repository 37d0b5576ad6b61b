package dev.ect.model.checkpoint.pytorch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ect.model.Goldens;
import dev.ect.model.checkpoint.DType;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import dev.ect.model.pickle.PickledDict;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged and hostile files end in one line or are read; they never cost much. */
class HostileFileTest {
  private static final long FLOOR = 6 << 20;

  @TempDir static Path folder;

  /** Gives bytes of the memory for the one file that is read. */
  private record Memory(byte[] bytes, long length) implements Store, RandomInput {
    Memory(byte[] bytes) {
      this(bytes, bytes.length);
    }

    @Override
    public RandomInput openRandom(String path) {
      return this;
    }

    @Override
    public void readFully(long position, byte[] buffer, int offset, int count) throws EOFException {
      if (position < 0 || position + count > length) {
        throw new EOFException("x: no " + count + " bytes at " + position);
      }
      System.arraycopy(bytes, (int) position, buffer, offset, count);
    }

    @Override
    public void close() {}

    @Override
    public boolean exists(String path) {
      return true;
    }

    @Override
    public StoredFile info(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public InputStream open(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<StoredFile> list(String directory, boolean recursive) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void makeDirectories(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean claimDirectory(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public OutputStream create(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void replace(String from, String to) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void renameDirectory(String from, String to) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void delete(String path) {
      throw new UnsupportedOperationException();
    }
  }

  /** Reads all that a file holds, as an importer would. */
  private static void readAll(byte[] bytes) throws IOException {
    readAll(new Memory(bytes));
  }

  private static void readAll(Memory memory) throws IOException {
    FloatBuffer piece = FloatBuffer.allocate(1 << 12);
    try (PyTorchFile file = PyTorchFile.open(memory, "x")) {
      List<PyTorchTensor> tensors = new ArrayList<>();
      for (Object part : PickledDict.of(file.root()).orElse(Map.of()).values()) {
        Optional<PyTorchModule> module = file.module(part);
        if (module.isPresent()) {
          tensors.addAll(module.get().parameters().values());
          tensors.addAll(module.get().buffers().values());
          module.get().positionalArguments();
        } else if (PickledDict.of(part).isPresent()) {
          tensors.addAll(file.stateDict(part).values());
          for (Object inner : PickledDict.of(part).get().values()) {
            if (PickledDict.of(inner).isPresent()) {
              tensors.addAll(file.stateDict(inner).values());
            }
          }
        }
      }
      for (PyTorchTensor tensor : tensors) {
        if (tensor.dtype().isFloating()) {
          // Of the end, which is where a view would go beyond its storage.
          int count = (int) Math.min(piece.capacity(), tensor.elements());
          tensor.read(tensor.elements() - count, piece.clear().limit(count));
        }
        if (tensor.elements() == 1) {
          tensor.item();
        }
      }
    }
  }

  /** Reads a file or has it refused; whether it was read. */
  private static boolean survives(Memory memory) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    boolean read = true;
    try {
      readAll(memory);
    } catch (IOException e) {
      read = false;
      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith("x: "), message);
      assertEquals(1, message.lines().count(), message);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < FLOOR + 4 * memory.length(), allocated + " for " + memory.length());
    return read;
  }

  static List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    files.addAll(Goldens.files("network-snapshot-", ".pkl"));
    files.addAll(Goldens.files("training-state-", ".pt"));
    for (String name : List.of("zip.pt", "legacy.pt", "protocol2.pkl", "module.pt")) {
      files.add(Goldens.resource("pytorch/" + name));
    }
    Path written = folder.resolve("written.pt");
    PyTorchWriter.write(new LocalStore(), written.toString(), PyTorchWriterTest.object());
    files.add(written);
    return files;
  }

  @ParameterizedTest
  @MethodSource("files")
  void survivesBeingCutShort(Path path) throws IOException {
    byte[] whole = Files.readAllBytes(path);
    assertTrue(survives(new Memory(whole)));
    int step = Math.min(1024, whole.length / 64);
    int read = 0;
    for (int length = 0; length < whole.length; length += step) {
      read += survives(new Memory(whole, length)) ? 1 : 0;
    }
    assertEquals(0, read);
  }

  /** Places that are no raw weights. */
  private static int[] structure(byte[] whole) {
    String text = new String(whole, StandardCharsets.ISO_8859_1);
    int zip = text.indexOf("PK\u0001\u0002");
    List<int[]> ranges = new ArrayList<>();
    if (zip < 0) {
      // A pickle: what lies around each of the names in it, and between its storages.
      ranges.add(new int[] {0, Math.min(whole.length, 30_000)});
      for (int at = text.indexOf("storage"); at >= 0; at = text.indexOf("storage", at + 2000)) {
        ranges.add(new int[] {Math.max(0, at - 200), Math.min(whole.length, at + 200)});
      }
    } else {
      ranges.add(new int[] {zip, whole.length});
      int second = text.indexOf("PK\u0003\u0004", 4);
      ranges.add(new int[] {0, second});
      ranges.add(new int[] {0, second});
    }
    return ranges.stream().flatMapToInt(Arrays::stream).toArray();
  }

  @ParameterizedTest
  @MethodSource("files")
  void survivesFlippedBits(Path path) throws IOException {
    byte[] whole = Files.readAllBytes(path);
    int[] ranges = structure(whole);
    Random random = new Random(7);
    int rounds = whole.length > 100_000 ? 25 : 200;
    int read = 0;
    for (int i = 0; i < rounds; i++) {
      byte[] damaged = whole.clone();
      for (int flips = random.nextInt(3); flips >= 0; flips--) {
        int range = 2 * random.nextInt(ranges.length / 2);
        int at = ranges[range] + random.nextInt(ranges[range + 1] - ranges[range]);
        damaged[at] ^= (byte) (1 << random.nextInt(8));
      }
      read += survives(new Memory(damaged)) ? 1 : 0;
    }
    assertTrue(read > 0 && read < rounds, read + " of " + rounds);
  }

  private static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static final String MODULE = "ctorch.nn.modules.container\nModuleDict\n";
  private static final String MEMBERS = "U\u000b_parameters}U\b_modules}";

  @Test
  void refusesModulesThatHoldThemselves() {
    // {'ema': m}, where m._modules['m'] is m.
    String itself = "}U\u0003ema" + MODULE + ")R" + "q\u0001}(" + MEMBERS + "U\u0001mh\u0001subs.";
    assertTrue(survives(new Memory(bytes(itself))));
  }

  @Test
  void refusesModulesNestedWithoutEnd() {
    int depth = 2_000;
    // Each holds the next: modules and dicts are opened on the way in and closed on the way out.
    String open = "h\u0001)R}(U\u000b_parameters}U\b_modules}U\u0001m";
    String file =
        MODULE + "q\u00010}U\u0003ema" + open.repeat(depth) + "N" + "sub".repeat(depth) + "s.";
    BadFileException e = assertThrows(BadFileException.class, () -> readAll(bytes(file)));
    assertTrue(
        e.getMessage().endsWith("is nested in more modules than any network has"), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void refusesMembersThatTwoModulesShare() {
    // As many modules as one likes, each of which would list all of them again.
    String shared =
        "}U\u0003ema"
            + MODULE
            + "q\u0001)R}(U\u000b_parameters}U\b_modules}q\u0002U\u0001a"
            + "h\u0001)R}(U\u000b_parameters}U\b_modulesh\u0002ubsubs.";
    BadFileException e = assertThrows(BadFileException.class, () -> readAll(bytes(shared)));
    assertEquals("x: in module ModuleDict, a._modules belongs to two modules", e.getMessage());
  }

  @Test
  void refusesStoragesThatAreNone() {
    String tensor =
        "ctorch._utils\n_rebuild_tensor_v2\n(ctorch.storage\n_load_from_bytes\nC\u0002N.\u0085R"
            + "K\u0000K\u0001\u0085K\u0001\u0085\u0089NtR";
    String file = "}U\u0003net}U\u0001w" + tensor + "ss.";
    BadFileException e = assertThrows(BadFileException.class, () -> readAll(bytes(file)));
    assertEquals("x: has a storage that is no file of torch.save", e.getMessage());
    String outside =
        file.replace("ctorch.storage\n_load_from_bytes\nC\u0002N.\u0085R", "U\u0001sQ");
    assertEquals(
        "x: has a tensor that is damaged: its storage is of an unknown kind",
        assertThrows(BadFileException.class, () -> readAll(bytes(outside))).getMessage());
  }

  private static PyTorchTensor view(long offset, long[] shape, long... strides) throws IOException {
    Memory four = new Memory(new byte[] {0, 0, 0, 0, 0, 0, -128, 63, 0, 0, 0, 64, 0, 0, 64, 64});
    return PyTorchTensor.of("x", new Storage(DType.F32, four, 0, 16), offset, shape, strides);
  }

  @Test
  void readsATensorThatRepeatsItsElementsWithoutEnd() throws IOException {
    PyTorchTensor tensor = view(2, new long[] {1L << 40, 2}, 0, 1);
    float[] some = new float[3];
    tensor.read((1L << 40) - 1, FloatBuffer.wrap(some));
    assertArrayEquals(new float[] {3, 2, 3}, some);
    assertEquals(
        "x: tensor F32[1099511627776, 2] is too large for one array",
        assertThrows(BadFileException.class, tensor::floats).getMessage());
  }

  @Test
  void refusesShapesAndStridesThatAreImpossible() throws IOException {
    assertArrayEquals(new float[] {1, 3}, view(1, new long[] {2}, 2).floats());
    long huge = 1L << 62;
    List<Executable> impossible =
        List.of(
            () -> view(2, new long[] {2}, 2),
            () -> view(-1, new long[] {2}, 1),
            () -> view(4, new long[] {}),
            () -> view(0, new long[] {5}, 1),
            () -> view(0, new long[] {2}, -1),
            () -> view(0, new long[] {-1}, 1),
            () -> view(0, new long[] {huge, 4}, 0, 0),
            () -> view(0, new long[] {3}, huge),
            () -> view(Long.MAX_VALUE, new long[] {2}, 1),
            () -> view(0, new long[] {2, 2}, 1));
    for (Executable each : impossible) {
      String message = assertThrows(BadFileException.class, each).getMessage();
      assertTrue(message.startsWith("x: has a tensor of shape ["), message);
      assertTrue(message.endsWith(" of a storage of 4 elements; it is damaged"), message);
    }
  }
}

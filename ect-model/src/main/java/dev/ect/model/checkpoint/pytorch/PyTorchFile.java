package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.pickle.Pickle;
import dev.ect.model.pickle.PickleMemory;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.pickle.Printable;
import dev.ect.model.pickle.Unpickler;
import java.io.Closeable;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/**
 * A PyTorch file opened for reading: of {@code torch.save}, as a zip or as before PyTorch 1.6, or a
 * plain pickle of tensors. Nothing in it is executed: what it holds are the values that {@link
 * Unpickler} makes, and the tensors, modules and state dicts that this class finds in them. Safe
 * for use by several threads.
 *
 * <p>Everything wrong with a file is a {@link BadFileException} that starts with its name.
 */
public final class PyTorchFile implements Closeable {
  private static final int ZIP_MAGIC = 0x504B0304;
  private static final int PROTO = 0x80;
  private static final int NEWEST_PROTOCOL = 5;

  private final String path;
  private final RandomInput input;
  private final String format;
  private final Pickle pickle;
  private final Tensors tensors;

  private PyTorchFile(String path, RandomInput input) throws IOException {
    this.path = path;
    this.input = input;
    PickleMemory memory = new PickleMemory(input.length());
    byte[] start = new byte[(int) Math.min(Integer.BYTES, input.length())];
    input.readFully(0, start, 0, start.length);
    if (isZip(start)) {
      ZipStorages zip = new ZipStorages(path, input);
      format = "torch.save zip";
      pickle = zip.pickle(memory);
      tensors = new Tensors(path, zip, memory);
      return;
    }
    Pickle first = firstPickle(start, memory);
    if (LegacyFile.isMagic(first.root())) {
      LegacyFile legacy = LegacyFile.after(path, input, first, input.length(), memory);
      format = "legacy torch.save file";
      pickle = legacy.object();
      tensors = new Tensors(path, legacy, memory);
    } else {
      format = "pickle";
      pickle = first;
      tensors =
          new Tensors(
              path,
              id -> {
                throw new BadFileException(
                    path, "refers to a storage " + Printable.of(id.key()) + " outside it");
              },
              memory);
    }
  }

  private Pickle firstPickle(byte[] start, PickleMemory memory) throws IOException {
    try {
      return Unpickler.read(path, input, 0, input.length(), memory, id -> {});
    } catch (BadFileException e) {
      if (looksLike(start)) {
        throw e;
      }
      // Protocols 0 and 1 have no mark: it need not be a pickle at all.
      throw new BadFileException(
          path,
          "is neither a safetensors file nor one that PyTorch or pickle wrote, or is damaged: as a"
              + " pickle, "
              + e.getMessage().substring(path.length() + 2),
          e);
    }
  }

  /**
   * Opens a file and reads its object, not its tensors; the caller closes it.
   *
   * @throws BadFileException if it is none of these files, is damaged, big-endian, or a TorchScript
   *     program
   */
  public static PyTorchFile open(Store store, String path) throws IOException {
    RandomInput input = store.openRandom(path);
    try {
      return new PyTorchFile(path, input);
    } catch (IOException | RuntimeException e) {
      try (input) {
        throw e;
      }
    }
  }

  /**
   * Whether a file that starts so may be one of these, and is no safetensors file. Pickles of
   * protocols 0 and 1, which have no mark of their own, are not recognised.
   *
   * @param firstBytes 16 bytes, or the whole of a shorter file
   */
  public static boolean looksLike(byte[] firstBytes) {
    if (isZip(firstBytes)) {
      return true;
    }
    if (firstBytes.length < 2
        || Byte.toUnsignedInt(firstBytes[0]) != PROTO
        || firstBytes[1] < 0
        || firstBytes[1] > NEWEST_PROTOCOL) {
      return false;
    }
    // A safetensors file starts with a length below 2^32 in eight bytes, and the header's brace.
    return !(firstBytes.length > Long.BYTES
        && firstBytes[4] == 0
        && firstBytes[5] == 0
        && firstBytes[6] == 0
        && firstBytes[7] == 0
        && firstBytes[8] == '{');
  }

  private static boolean isZip(byte[] start) {
    return start.length >= Integer.BYTES
        && (start[0] << 24 | start[1] << 16 | start[2] << 8 | start[3]) == ZIP_MAGIC;
  }

  /** The path it was opened by. */
  public String path() {
    return path;
  }

  /** What kind of file it is, for people to read. */
  public String format() {
    return format;
  }

  /** The object in it, see {@link Unpickler}. */
  public Object root() {
    return pickle.root();
  }

  /** Names in it that are not known as data, see {@link Pickle#unknownNames}. */
  public SortedSet<String> unknownNames() {
    return pickle.unknownNames();
  }

  /**
   * Refuses a file that refers to anything off the closed list of names.
   *
   * @throws BadFileException one line that names each
   */
  public void requireKnownNames() throws BadFileException {
    pickle.requireKnown(path);
  }

  /**
   * A tensor or parameter.
   *
   * @param node a value of the object
   * @return nothing if the value is anything else
   * @throws BadFileException if it is a tensor that is damaged or of an unknown kind
   */
  public Optional<PyTorchTensor> tensor(Object node) throws IOException {
    return tensors.of(node);
  }

  /**
   * A module.
   *
   * @param node a value of the object
   * @return nothing if the value is anything else
   */
  public Optional<PyTorchModule> module(Object node) {
    return PyTorchModule.of(this, node);
  }

  /**
   * The tensors of a state dict by name, in its order; entries that are no tensors are left out.
   *
   * @param node a value of the object: a dict or OrderedDict
   * @throws BadFileException if it is anything else, or a name is no text
   */
  public Map<String, PyTorchTensor> stateDict(Object node) throws IOException {
    Map<Object, Object> entries =
        PickledDict.of(node)
            .orElseThrow(() -> new BadFileException(path, "has no dict of tensors there"));
    Map<String, PyTorchTensor> found = new LinkedHashMap<>();
    for (Map.Entry<Object, Object> entry : entries.entrySet()) {
      Optional<PyTorchTensor> tensor = tensor(entry.getValue());
      if (tensor.isPresent()) {
        if (!(entry.getKey() instanceof String name)) {
          throw new BadFileException(path, "has a tensor under a key that is no name");
        }
        found.put(name, tensor.get());
      }
    }
    return Collections.unmodifiableMap(found);
  }

  /** Size of the file in bytes. */
  public long length() {
    return input.length();
  }

  @Override
  public void close() throws IOException {
    input.close();
  }
}

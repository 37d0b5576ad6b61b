package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.checkpoint.DType;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.pickle.PersistentId;
import dev.ect.model.pickle.Pickle;
import dev.ect.model.pickle.PickleMemory;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.pickle.Printable;
import dev.ect.model.pickle.Unpickler;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What torch.save wrote before PyTorch 1.6, and still writes for a storage inside a pickle: pickles
 * of a magic number, a protocol, the machine, the object and the keys of its storages, then per
 * storage its size and its elements.
 */
final class LegacyFile implements Storages {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long PROTOCOL = 1001;

  private final String file;
  private final RandomInput input;
  private final Map<String, Storage> storages = new HashMap<>();
  private final Pickle object;

  /**
   * @param start position after the magic number
   * @param end position where the last storage ends at the latest
   */
  private LegacyFile(String file, RandomInput input, long start, long end, PickleMemory memory)
      throws IOException {
    this.file = file;
    this.input = input;
    Pickle protocol = Unpickler.read(file, input, start, end, memory, id -> {});
    if (!(protocol.root() instanceof Long version) || version != PROTOCOL) {
      throw new BadFileException(
          file, "is of another protocol of torch.save than " + PROTOCOL + "; save it again");
    }
    Pickle machine = Unpickler.read(file, input, protocol.end(), end, memory, id -> {});
    if (!Boolean.TRUE.equals(
        PickledDict.of(machine.root()).map(info -> info.get("little_endian")).orElse(false))) {
      throw new BadFileException(
          file,
          "does not come from a little-endian machine; load and save it with PyTorch on such a"
              + " machine");
    }
    List<PersistentId> ids = new ArrayList<>();
    object = Unpickler.read(file, input, machine.end(), end, memory, ids::add);
    Pickle keys = Unpickler.read(file, input, object.end(), end, memory, id -> {});
    place(types(ids), keys, end);
  }

  /** Whether a file's first pickle says that it is one of these. */
  static boolean isMagic(Object root) {
    return MAGIC.equals(root);
  }

  /** Reads the rest of a file of which the first pickle was {@link #isMagic}. */
  static LegacyFile after(
      String file, RandomInput input, Pickle magic, long end, PickleMemory memory)
      throws IOException {
    return new LegacyFile(file, input, magic.end(), end, memory);
  }

  /** Reads the file that holds nothing but a storage. */
  static Storage storage(String file, RandomInput input, long start, long end, PickleMemory memory)
      throws IOException {
    Pickle magic = Unpickler.read(file, input, start, end, memory, id -> {});
    if (!isMagic(magic.root())) {
      throw new BadFileException(file, "has a storage that is no file of torch.save");
    }
    LegacyFile inner = after(file, input, magic, end, memory);
    if (inner.object.root() instanceof PersistentId id) {
      StorageId storage = StorageId.of(file, id).orElse(null);
      if (storage != null) {
        return inner.find(storage);
      }
    }
    throw new BadFileException(file, "has a storage whose file of torch.save holds none");
  }

  private Map<String, DType> types(List<PersistentId> ids) throws BadFileException {
    Map<String, DType> types = new HashMap<>();
    for (PersistentId id : ids) {
      StorageId storage = StorageId.of(file, id).orElse(null);
      if (storage != null) {
        DType former = types.putIfAbsent(storage.key(), storage.dtype());
        if (former != null && former != storage.dtype()) {
          throw new BadFileException(file, "has a storage of two types; it is damaged");
        }
      }
    }
    return types;
  }

  private void place(Map<String, DType> types, Pickle keys, long end) throws IOException {
    if (!(keys.root() instanceof List<?> list)) {
      throw new BadFileException(file, "has no list of storages; it is damaged");
    }
    long position = keys.end();
    byte[] size = new byte[Long.BYTES];
    for (Object key : list) {
      DType dtype = key instanceof String text ? types.get(text) : null;
      if (dtype == null || storages.containsKey(key)) {
        throw new BadFileException(file, "has a storage that nothing refers to; it is damaged");
      }
      if (end - position < size.length) {
        throw cutShort();
      }
      input.readFully(position, size, 0, size.length);
      position += size.length;
      long elements = ByteBuffer.wrap(size).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (elements < 0 || elements > (end - position) / dtype.bytes()) {
        throw cutShort();
      }
      long bytes = elements * dtype.bytes();
      storages.put((String) key, new Storage(dtype, input, position, bytes));
      position += bytes;
    }
  }

  private BadFileException cutShort() {
    return new BadFileException(file, "is cut short: it ends within the tensors");
  }

  /** The object that was saved. */
  Pickle object() {
    return object;
  }

  @Override
  public Storage find(StorageId id) throws BadFileException {
    Storage storage = storages.get(id.key());
    if (storage == null || id.elements() > storage.elements() || id.from() > storage.elements()) {
      throw new BadFileException(
          file,
          "has no storage "
              + Printable.of(id.key())
              + " of "
              + id.elements()
              + " elements; it is damaged");
    }
    return storage.from(id.from());
  }
}

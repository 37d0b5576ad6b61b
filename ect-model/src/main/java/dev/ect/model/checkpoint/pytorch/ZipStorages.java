package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.ZipDirectory;
import dev.ect.model.pickle.Pickle;
import dev.ect.model.pickle.PickleMemory;
import dev.ect.model.pickle.Printable;
import dev.ect.model.pickle.Unpickler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The zip that torch.save writes since PyTorch 1.6: a folder with {@code data.pkl}, {@code
 * data/KEY} per storage and mostly {@code byteorder}, all stored as they are.
 */
final class ZipStorages implements Storages {
  private static final String PICKLE = "data.pkl";

  private final String file;
  private final RandomInput input;
  private final Map<String, ZipDirectory.Entry> entries = new HashMap<>();
  private final String archive;

  ZipStorages(String file, RandomInput input) throws IOException {
    this.file = file;
    this.input = input;
    List<ZipDirectory.Entry> all = ZipDirectory.read(file, input);
    String found = null;
    for (ZipDirectory.Entry entry : all) {
      String name = entry.name();
      int slash = name.indexOf('/');
      if (found == null && slash >= 0 && name.substring(slash + 1).equals(PICKLE)) {
        found = name.substring(0, slash + 1);
      }
      if (entries.put(name, entry) != null) {
        throw new BadFileException(file, "holds an entry twice; it is damaged");
      }
    }
    if (found == null) {
      throw new BadFileException(
          file, "is a zip without a " + PICKLE + "; expected a file of torch.save");
    }
    archive = found;
    if (entries.containsKey(archive + "constants.pkl")
        || all.stream().anyMatch(entry -> entry.name().startsWith(archive + "code/"))) {
      throw new BadFileException(
          file,
          "is a TorchScript program, which has to be executed; expected weights: save the"
              + " network's state_dict() with torch.save");
    }
    if (entries.containsKey(archive + "byteorder")) {
      requireLittleEndian();
    }
  }

  private void requireLittleEndian() throws IOException {
    ZipDirectory.Entry entry = stored("byteorder");
    byte[] order = new byte[(int) Math.min(entry.size(), 16)];
    input.readFully(ZipDirectory.dataStart(file, input, entry), order, 0, order.length);
    String text = new String(order, StandardCharsets.ISO_8859_1);
    if (!text.equals("little")) {
      throw new BadFileException(
          file,
          (text.equals("big") ? "was written on a big-endian machine" : "has no known byte order")
              + "; expected a little-endian file: load and save it with PyTorch on such a machine");
    }
  }

  /** Reads the object. */
  Pickle pickle(PickleMemory memory) throws IOException {
    ZipDirectory.Entry entry = stored(PICKLE);
    long start = ZipDirectory.dataStart(file, input, entry);
    return Unpickler.read(file, input, start, start + entry.size(), memory, id -> {});
  }

  @Override
  public Storage find(StorageId id) throws IOException {
    ZipDirectory.Entry entry = stored("data/" + id.key());
    long capacity = entry.size() / id.dtype().bytes();
    if (id.elements() > capacity || id.from() > id.elements()) {
      throw new BadFileException(
          file,
          "has a storage of "
              + id.elements()
              + " "
              + id.dtype()
              + " elements in an entry of "
              + entry.size()
              + " bytes; it is damaged");
    }
    long start = ZipDirectory.dataStart(file, input, entry);
    return new Storage(id.dtype(), input, start, id.elements() * id.dtype().bytes())
        .from(id.from());
  }

  private ZipDirectory.Entry stored(String name) throws BadFileException {
    ZipDirectory.Entry entry = entries.get(archive + name);
    if (entry == null) {
      throw new BadFileException(
          file, "lacks the storage " + Printable.of(name) + "; it is damaged");
    }
    if (entry.method() != ZipDirectory.STORED) {
      throw new BadFileException(
          file,
          "has packed entries; expected stored ones, as torch.save writes them: save it again");
    }
    return entry;
  }
}

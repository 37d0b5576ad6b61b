package dev.ect.model.dataset;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes an EDM dataset: a zip with stored entries where the path ends with {@code .zip}, else a
 * folder. Images are PNG, named by number; {@code dataset.json} comes last. The same images give
 * the same bytes. Nothing is left behind if writing fails.
 */
public final class EdmDatasetWriter {
  /** Zips have a time per entry; a fixed one keeps equal datasets equal. */
  private static final LocalDateTime ENTRY_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private static final int PER_FOLDER = 1000;

  /** Gives the images, in the order they are to be written. */
  @FunctionalInterface
  public interface Source {
    /** Adds every image to the writer. */
    void addTo(EdmDatasetWriter writer) throws IOException;
  }

  @FunctionalInterface
  private interface Sink {
    void put(String name, byte[] content) throws IOException;
  }

  private final Sink sink;
  private final List<String> names = new ArrayList<>();

  /** Per image an Integer, a float[] or null. */
  private final List<Object> labels = new ArrayList<>();

  private int last = -1;

  private EdmDatasetWriter(Sink sink) {
    this.sink = sink;
  }

  /**
   * Writes a dataset.
   *
   * @throws BadFileException if there is something at the path already, an empty folder excepted
   */
  public static void write(Store store, String path, Source source) throws IOException {
    boolean zip = path.toLowerCase(Locale.ROOT).endsWith(".zip");
    if (store.exists(path)
        && (zip || !store.info(path).directory() || !store.list(path, false).isEmpty())) {
      throw new BadFileException(path, "exists already; expected a new name, or an empty folder");
    }
    if (zip) {
      store.write(path, out -> writeZip(out, source));
      return;
    }
    try {
      store.makeDirectories(path);
      new EdmDatasetWriter((name, content) -> put(store, Store.join(path, name), content))
          .addAll(source);
    } catch (IOException | RuntimeException failure) {
      try {
        store.delete(path);
      } catch (IOException again) {
        failure.addSuppressed(again);
      }
      throw failure;
    }
  }

  private static void put(Store store, String path, byte[] content) throws IOException {
    try (OutputStream out = store.create(path)) {
      out.write(content);
    }
  }

  private static void writeZip(OutputStream out, Source source) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out);
    new EdmDatasetWriter(
            (name, content) -> {
              CRC32 crc = new CRC32();
              crc.update(content);
              ZipEntry entry = new ZipEntry(name);
              entry.setMethod(ZipEntry.STORED);
              entry.setTimeLocal(ENTRY_TIME);
              entry.setSize(content.length);
              entry.setCrc(crc.getValue());
              zip.putNextEntry(entry);
              zip.write(content);
              zip.closeEntry();
            })
        .addAll(source);
    zip.finish();
  }

  private void addAll(Source source) throws IOException {
    source.addTo(this);
    sink.put(LabelFile.NAME, json());
  }

  /**
   * Adds an image without a label. One image without a label makes the whole set unlabelled.
   *
   * @param number in its name; larger than the last one
   * @param image bytes [C,H,W]
   */
  public void add(int number, ImageShape shape, byte[] image) throws IOException {
    addImage(number, shape, image, null);
  }

  /** Adds an image of a class, from 0. */
  public void add(int number, ImageShape shape, byte[] image, int label) throws IOException {
    if (label < 0) {
      throw new IllegalArgumentException(
          "image " + number + " has label " + label + "; expected a class from 0");
    }
    addImage(number, shape, image, label);
  }

  /** Adds an image with a label vector. */
  public void add(int number, ImageShape shape, byte[] image, float[] label) throws IOException {
    addImage(number, shape, image, label.clone());
  }

  /** The name of an image by number, for example {@code 00012/img00012345.png}. */
  public static String imageName(int number) {
    return String.format(Locale.ROOT, "%05d/img%08d.png", number / PER_FOLDER, number);
  }

  private void addImage(int number, ImageShape shape, byte[] image, Object label)
      throws IOException {
    if (number <= last) {
      throw new IllegalArgumentException(
          "image number " + number + " follows " + last + "; expected rising numbers");
    }
    last = number;
    String name = imageName(number);
    sink.put(name, PngEncoder.plain(shape, image));
    names.add(name);
    labels.add(label);
  }

  private byte[] json() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeFieldName("labels");
      if (labels.contains(null) || labels.isEmpty()) {
        json.writeNull();
      } else {
        json.writeStartArray();
        for (int i = 0; i < labels.size(); i++) {
          json.writeStartArray();
          json.writeString(names.get(i));
          if (labels.get(i) instanceof float[] vector) {
            json.writeStartArray();
            for (float value : vector) {
              json.writeNumber(value);
            }
            json.writeEndArray();
          } else {
            json.writeNumber((Integer) labels.get(i));
          }
          json.writeEndArray();
        }
        json.writeEndArray();
      }
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }
}

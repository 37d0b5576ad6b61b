package dev.ect.model.dataset;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.io.ZipDirectory;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
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
  private static final int BUFFER = 1 << 16;
  private static final Pattern NAME = Pattern.compile("\\d{5}/img(\\d{8})\\.png");

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

  /** Instead of names, which would take several times as much. */
  private int[] numbers = new int[64];

  /** Null where an image has none. */
  private final List<Label> labels = new ArrayList<>();

  private EdmDatasetWriter(Sink sink) {
    this.sink = sink;
  }

  /**
   * What was written.
   *
   * @param images how many
   * @param unlabelled how many of them came without a label
   * @param labelDim width of the labels: largest class + 1, or length of the vectors; 0 where
   *     {@code dataset.json} has none
   */
  public record Written(int images, int unlabelled, int labelDim) {}

  /**
   * Writes a dataset.
   *
   * @throws BadFileException as {@link #requireFree}
   */
  public static Written write(Store store, String path, Source source) throws IOException {
    requireFree(store, path);
    if (isZip(path)) {
      Written[] written = new Written[1];
      store.write(path, out -> written[0] = writeZip(out, source));
      return written[0];
    }
    try {
      store.makeDirectories(path);
      return new EdmDatasetWriter((name, content) -> put(store, Store.join(path, name), content))
          .addAll(source);
    } catch (IOException | RuntimeException | Error failure) {
      try {
        store.delete(path);
      } catch (IOException again) {
        failure.addSuppressed(again);
      }
      throw failure;
    }
  }

  /**
   * Refuses a path that is taken.
   *
   * @throws BadFileException if there is something at the path already, an empty folder excepted
   */
  public static void requireFree(Store store, String path) throws IOException {
    if (store.exists(path)
        && (isZip(path) || !store.info(path).directory() || !store.list(path, false).isEmpty())) {
      throw new BadFileException(path, "exists already; expected a new name, or an empty folder");
    }
  }

  private static boolean isZip(String path) {
    return path.toLowerCase(Locale.ROOT).endsWith(".zip");
  }

  private static void put(Store store, String path, byte[] content) throws IOException {
    try (OutputStream out = store.create(path)) {
      out.write(content);
    }
  }

  private static Written writeZip(OutputStream out, Source source) throws IOException {
    // Headers are written a byte at a time.
    BufferedOutputStream buffer = new BufferedOutputStream(out, BUFFER);
    ZipOutputStream zip = new ZipOutputStream(buffer);
    EdmDatasetWriter writer =
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
            });
    Written written = writer.addAll(source);
    zip.finish();
    buffer.flush();
    return written;
  }

  private Written addAll(Source source) throws IOException {
    source.addTo(this);
    sink.put(LabelFile.NAME, json());
    int unlabelled = (int) labels.stream().filter(Objects::isNull).count();
    return new Written(labels.size(), unlabelled, unlabelled == 0 ? labelDim() : 0);
  }

  private int labelDim() {
    int width = 0;
    for (Label label : labels) {
      width =
          label instanceof Label.OfClass one
              ? Math.max(width, one.value() + 1)
              : ((Label.OfVector) label).values().length;
    }
    return width;
  }

  /**
   * Adds an image without a label. One image without a label makes the whole set unlabelled.
   *
   * @param number in its name; larger than the last one
   * @param image bytes [C,H,W]
   */
  public void add(int number, ImageShape shape, byte[] image) throws IOException {
    addPng(number, PngEncoder.plain(shape, image), null);
  }

  /** Adds an image of a class, from 0. */
  public void add(int number, ImageShape shape, byte[] image, int label) throws IOException {
    if (label < 0) {
      throw new IllegalArgumentException(
          "image " + number + " has label " + label + "; expected a class from 0");
    }
    addPng(number, PngEncoder.plain(shape, image), new Label.OfClass(label));
  }

  /** Adds an image with a label vector. */
  public void add(int number, ImageShape shape, byte[] image, float[] label) throws IOException {
    addPng(number, PngEncoder.plain(shape, image), new Label.OfVector(label.clone()));
  }

  /**
   * Adds an image that is encoded already.
   *
   * @param png by {@link PngEncoder}
   * @param label null for none
   */
  public void addPng(int number, byte[] png, Label label) throws IOException {
    int count = labels.size();
    int last = count == 0 ? -1 : numbers[count - 1];
    if (number <= last) {
      throw new IllegalArgumentException(
          "image number " + number + " follows " + last + "; expected rising numbers");
    }
    sink.put(imageName(number), png);
    if (count == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * count);
    }
    numbers[count] = number;
    labels.add(label);
  }

  /**
   * Adds all images of a zip that this class wrote, with their numbers and labels: several that
   * were made in parallel become one, the same as if it had been written at once.
   */
  public void addAll(Store store, String zip) throws IOException {
    Optional<LabelFile> found;
    try (EntryReader reader = new EntryReader(store, zip, DatasetIndex.Kind.ZIP)) {
      found = LabelFile.find(reader, ZipDirectory.read(zip, reader.zip()));
    }
    if (found.isEmpty()) {
      throw new BadFileException(zip, "has no " + LabelFile.NAME + "; it is no dataset");
    }
    try (ZipInputStream in = new ZipInputStream(new BufferedInputStream(store.open(zip), BUFFER))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        String name = entry.getName();
        if (!name.equals(LabelFile.NAME)) {
          addPng(number(zip, name), in.readAllBytes(), found.get().of(name));
        }
      }
    }
  }

  /** The name of an image by number, for example {@code 00012/img00012345.png}. */
  public static String imageName(int number) {
    return String.format(Locale.ROOT, "%05d/img%08d.png", number / PER_FOLDER, number);
  }

  private static int number(String zip, String name) throws BadFileException {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw new BadFileException(
          Store.join(zip, name), "is not named like an image of a dataset: " + imageName(0));
    }
    return Integer.parseInt(matcher.group(1));
  }

  private byte[] json() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeFieldName("labels");
      if (labels.isEmpty() || labels.contains(null)) {
        json.writeNull();
      } else {
        json.writeStartArray();
        for (int i = 0; i < labels.size(); i++) {
          json.writeStartArray();
          json.writeString(imageName(numbers[i]));
          if (labels.get(i) instanceof Label.OfVector vector) {
            json.writeStartArray();
            for (float value : vector.values()) {
              json.writeNumber(value);
            }
            json.writeEndArray();
          } else if (labels.get(i) instanceof Label.OfClass one) {
            json.writeNumber(one.value());
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

package dev.ect.model.dataset;

import dev.ect.model.io.ZipDirectory;
import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Where each image of a dataset lies. Columns instead of objects, since an index of a million
 * images travels to every executor.
 */
public final class ImageEntries implements Serializable {
  private static final long serialVersionUID = 1;

  private final byte[] names;
  private final int[] nameEnds;
  private final long[] headers;
  private final int[] stored;
  private final int[] sizes;
  private final int[] crcs;
  private final boolean[] deflated;

  /**
   * @param entries in order; in a folder {@code header} is the modification time and {@code crc} is
   *     0
   */
  public ImageEntries(List<ZipDirectory.Entry> entries) {
    int count = entries.size();
    nameEnds = new int[count];
    headers = new long[count];
    stored = new int[count];
    sizes = new int[count];
    crcs = new int[count];
    deflated = new boolean[count];
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      ZipDirectory.Entry entry = entries.get(i);
      text.writeBytes(entry.name().getBytes(StandardCharsets.UTF_8));
      nameEnds[i] = text.size();
      headers[i] = entry.header();
      stored[i] = Math.toIntExact(entry.stored());
      sizes[i] = Math.toIntExact(entry.size());
      crcs[i] = entry.crc();
      deflated[i] = entry.method() == ZipDirectory.DEFLATED;
    }
    names = text.toByteArray();
  }

  private ImageEntries(ImageEntries all, int from, int to) {
    int start = all.start(from);
    names = Arrays.copyOfRange(all.names, start, all.start(to));
    nameEnds = Arrays.copyOfRange(all.nameEnds, from, to);
    for (int i = 0; i < nameEnds.length; i++) {
      nameEnds[i] -= start;
    }
    headers = Arrays.copyOfRange(all.headers, from, to);
    stored = Arrays.copyOfRange(all.stored, from, to);
    sizes = Arrays.copyOfRange(all.sizes, from, to);
    crcs = Arrays.copyOfRange(all.crcs, from, to);
    deflated = Arrays.copyOfRange(all.deflated, from, to);
  }

  /** Entries {@code from} to {@code to - 1} alone. */
  public ImageEntries slice(int from, int to) {
    return new ImageEntries(this, from, to);
  }

  private int start(int i) {
    return i == 0 ? 0 : nameEnds[i - 1];
  }

  /** How many there are. */
  public int count() {
    return nameEnds.length;
  }

  /** Path of an image in its folder or zip. */
  public String name(int i) {
    int start = start(i);
    return new String(names, start, nameEnds[i] - start, StandardCharsets.UTF_8);
  }

  /** Position of the local header in a zip; modification time in a folder. */
  long header(int i) {
    return headers[i];
  }

  /** Bytes in the zip. */
  int stored(int i) {
    return stored[i];
  }

  /** Bytes when unpacked. */
  int size(int i) {
    return sizes[i];
  }

  int crc(int i) {
    return crcs[i];
  }

  boolean deflated(int i) {
    return deflated[i];
  }
}

package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.io.Store;
import dev.ect.model.io.ZipDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * Writes a zip of stored, aligned entries to a stream, each in one pass: the checksum follows the
 * content (PKWARE's APPNOTE 6.3, sections 4.3.9 and 4.5.3), as in PyTorch's own zips. {@link
 * java.util.zip.ZipOutputStream} would have to be told it before.
 */
final class StoredZip {
  private static final int VERSION = 20;
  private static final int VERSION64 = 45;

  /** The checksum is in a descriptor after the content; the name is UTF-8. */
  private static final short FLAGS = 1 << 3 | 1 << 11;

  /** 1 January 1980: equal content makes equal files. */
  private static final short DATE = 1 << 5 | 1;

  private static final short EXTRA64 = 1;

  /** What PyTorch calls the field that it pads with. */
  private static final short PADDING = 0x4246;

  private static final int FIELD = 4;
  private static final int DESCRIPTOR_SIGNATURE = 0x08074b50;
  private static final int ENTRY_SIGNATURE = 0x02014b50;
  private static final int END64_SIGNATURE = 0x06064b50;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final long LARGE = 0xFFFFFFFFL;
  private static final int MANY = 0xFFFF;

  private final OutputStream out;
  private final int alignment;
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private long position;
  private long count;

  StoredZip(OutputStream out, int alignment) {
    this.out = out;
    this.alignment = alignment;
  }

  void add(String name, byte[] content) throws IOException {
    add(name, content.length, to -> to.write(content));
  }

  /**
   * Adds an entry.
   *
   * @param size bytes that the content has
   * @throws IllegalStateException if it has another number
   */
  void add(String name, long size, Store.Body content) throws IOException {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    boolean large = size >= LARGE;
    long start = position;
    int extra64 = large ? FIELD + 2 * Long.BYTES : 0;
    long unpadded = start + ZipDirectory.LOCAL_LENGTH + text.length + extra64 + FIELD;
    int padding = (int) Math.floorMod(-unpadded, (long) alignment);
    byte[] header = new byte[ZipDirectory.LOCAL_LENGTH + text.length + extra64 + FIELD + padding];
    ByteBuffer local = little(header);
    local.putInt(ZipDirectory.LOCAL_SIGNATURE);
    common(local, large, 0, size, text.length, extra64 + FIELD + padding).put(text);
    if (large) {
      local.putShort(EXTRA64).putShort((short) (2 * Long.BYTES)).putLong(size).putLong(size);
    }
    local.putShort(PADDING).putShort((short) padding);
    put(header);

    CheckedOutputStream checked = new CheckedOutputStream(new Counting(), new CRC32());
    long contentStart = position;
    content.writeTo(checked);
    if (position - contentStart != size) {
      throw new IllegalStateException(
          name + " has " + (position - contentStart) + " bytes; expected " + size);
    }
    int crc = (int) checked.getChecksum().getValue();
    byte[] descriptor = new byte[2 * Integer.BYTES + 2 * (large ? Long.BYTES : Integer.BYTES)];
    ByteBuffer fields = little(descriptor);
    fields.putInt(DESCRIPTOR_SIGNATURE).putInt(crc);
    if (large) {
      fields.putLong(size).putLong(size);
    } else {
      fields.putInt((int) size).putInt((int) size);
    }
    put(descriptor);
    list(text, crc, size, start);
  }

  /** Adds an entry to the directory. */
  private void list(byte[] name, int crc, long size, long header) {
    boolean large = size >= LARGE;
    boolean far = header >= LARGE;
    int values = (large ? 2 * Long.BYTES : 0) + (far ? Long.BYTES : 0);
    int extra = values == 0 ? 0 : FIELD + values;
    byte[] bytes = new byte[46 + name.length + extra];
    ByteBuffer entry = little(bytes);
    entry.putInt(ENTRY_SIGNATURE).putShort((short) (large || far ? VERSION64 : VERSION));
    common(entry, large || far, crc, size, name.length, extra);
    // No comment; first disk; no attributes.
    entry.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
    entry.putInt((int) Math.min(header, LARGE)).put(name);
    if (extra > 0) {
      entry.putShort(EXTRA64).putShort((short) values);
      if (large) {
        entry.putLong(size).putLong(size);
      }
      if (far) {
        entry.putLong(header);
      }
    }
    directory.writeBytes(bytes);
    count++;
  }

  /** The fields that a local header and an entry of the directory share. */
  private static ByteBuffer common(
      ByteBuffer into, boolean large, int crc, long size, int nameLength, int extraLength) {
    int stored = (int) Math.min(size, LARGE);
    return into.putShort((short) (large ? VERSION64 : VERSION))
        .putShort(FLAGS)
        .putShort((short) ZipDirectory.STORED)
        .putShort((short) 0)
        .putShort(DATE)
        .putInt(crc)
        .putInt(stored)
        .putInt(stored)
        .putShort((short) nameLength)
        .putShort((short) extraLength);
  }

  /** Writes the directory; leaves the stream open. */
  void finish() throws IOException {
    long start = position;
    long length = directory.size();
    put(directory.toByteArray());
    if (start >= LARGE || length >= LARGE || count >= MANY) {
      finish64(start, length);
    }
    short entries = (short) Math.min(count, MANY);
    byte[] end = new byte[22];
    little(end)
        .putInt(END_SIGNATURE)
        .putInt(0)
        .putShort(entries)
        .putShort(entries)
        .putInt((int) Math.min(length, LARGE))
        .putInt((int) Math.min(start, LARGE));
    put(end);
  }

  /** The end of a directory whose size, place or number of entries is large, and where that is. */
  private void finish64(long start, long length) throws IOException {
    long end64 = position;
    byte[] end = new byte[56];
    little(end)
        .putInt(END64_SIGNATURE)
        .putLong(44)
        .putShort((short) VERSION64)
        .putShort((short) VERSION64)
        .putInt(0)
        .putInt(0)
        .putLong(count)
        .putLong(count)
        .putLong(length)
        .putLong(start);
    put(end);
    byte[] locator = new byte[20];
    little(locator).putInt(LOCATOR_SIGNATURE).putInt(0).putLong(end64).putInt(1);
    put(locator);
  }

  private void put(byte[] bytes) throws IOException {
    out.write(bytes);
    position += bytes.length;
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Keeps count of the content. */
  private final class Counting extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      out.write(b);
      position++;
    }

    @Override
    public void write(byte[] b, int offset, int length) throws IOException {
      out.write(b, offset, length);
      position += length;
    }
  }
}

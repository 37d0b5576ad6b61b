package dev.ect.model.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The central directory of a zip file, ZIP64 included (PKWARE's APPNOTE 6.3, sections 4.3 and
 * 4.5.3).
 */
public final class ZipDirectory {
  /** The method of entries that are stored as they are. */
  public static final int STORED = 0;

  /** The method of entries that are packed by deflate. */
  public static final int DEFLATED = 8;

  /** What a local header starts with. */
  public static final int LOCAL_SIGNATURE = 0x04034b50;

  /** Bytes of a local header before the entry's name and its extra fields. */
  public static final int LOCAL_LENGTH = 30;

  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END_LENGTH = 22;
  private static final int LONGEST_COMMENT = 0xFFFF;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int LOCATOR_LENGTH = 20;
  private static final int END64_SIGNATURE = 0x06064b50;
  private static final int END64_LENGTH = 56;
  private static final int ENTRY_SIGNATURE = 0x02014b50;
  private static final int ENTRY_LENGTH = 46;
  private static final int EXTRA64 = 1;
  private static final long UNKNOWN = 0xFFFFFFFFL;

  /**
   * One file in the zip.
   *
   * @param name its path in the zip
   * @param method {@link #STORED} or {@link #DEFLATED}
   * @param crc CRC-32 of what it unpacks to
   * @param header position of its local header
   * @param stored bytes it takes in the zip
   * @param size bytes it has when unpacked
   */
  public record Entry(String name, int method, int crc, long header, long stored, long size) {}

  private ZipDirectory() {}

  /**
   * Reads the directory; folders are left out.
   *
   * @param path the file's name for messages
   * @throws BadFileException if it is no zip, is damaged, or has entries that overlap, are
   *     encrypted or neither stored nor deflated
   */
  public static List<Entry> read(String path, RandomInput input) throws IOException {
    int tailLength = (int) Math.min(input.length(), END_LENGTH + LONGEST_COMMENT + LOCATOR_LENGTH);
    long tailStart = input.length() - tailLength;
    ByteBuffer tail = bytes(input, tailStart, tailLength);
    int end = tailLength - END_LENGTH;
    while (end >= 0
        && !(tail.getInt(end) == END_SIGNATURE
            && unsigned(tail, end + 20) == tailLength - END_LENGTH - end)) {
      end--;
    }
    if (end < 0) {
      throw new BadFileException(
          path, "is not a zip, or is cut short: it has no zip directory at its end");
    }
    long count = unsigned(tail, end + 10);
    long length = tail.getInt(end + 12) & UNKNOWN;
    long start = tail.getInt(end + 16) & UNKNOWN;
    long directoryEnd = tailStart + end;
    if (end >= LOCATOR_LENGTH && tail.getInt(end - LOCATOR_LENGTH) == LOCATOR_SIGNATURE) {
      directoryEnd = tail.getLong(end - LOCATOR_LENGTH + 8);
      if (directoryEnd < 0 || directoryEnd > tailStart + end - LOCATOR_LENGTH - END64_LENGTH) {
        throw damaged(path, "the ZIP64 locator points outside the file");
      }
      ByteBuffer end64 = bytes(input, directoryEnd, END64_LENGTH);
      if (end64.getInt(0) != END64_SIGNATURE) {
        throw damaged(path, "there is no ZIP64 record where the locator points");
      }
      count = end64.getLong(32);
      length = end64.getLong(40);
      start = end64.getLong(48);
    }
    if (start < 0
        || length < 0
        || start != directoryEnd - length
        || length > Integer.MAX_VALUE - 8
        || count < 0
        || count > length / ENTRY_LENGTH) {
      throw damaged(
          path,
          "its directory of "
              + count
              + " entries, "
              + length
              + " bytes from byte "
              + start
              + ", does not end at byte "
              + directoryEnd);
    }
    return entries(path, bytes(input, start, (int) length), (int) count, start);
  }

  /**
   * Where the content of an entry starts: after its local header, which must agree with the
   * directory.
   *
   * @param path the file's name for messages
   * @throws BadFileException if the entry is not there
   */
  public static long dataStart(String path, RandomInput input, Entry entry) throws IOException {
    byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
    byte[] header = new byte[LOCAL_LENGTH + name.length];
    if (entry.header() + header.length + entry.stored() <= input.length()) {
      input.readFully(entry.header(), header, 0, header.length);
    }
    ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    long start = entry.header() + header.length + unsigned(fields, 28);
    if (fields.getInt(0) != LOCAL_SIGNATURE
        || unsigned(fields, 26) != name.length
        || !Arrays.equals(header, LOCAL_LENGTH, header.length, name, 0, name.length)
        || start + entry.stored() > input.length()) {
      throw new BadFileException(
          path, entry.name() + " is not where the zip's directory says; the zip is damaged");
    }
    return start;
  }

  private static List<Entry> entries(
      String path, ByteBuffer directory, int count, long directoryStart) throws IOException {
    List<Entry> entries = new ArrayList<>(count);
    int at = 0;
    for (int i = 0; i < count; i++) {
      if (directory.capacity() - at < ENTRY_LENGTH || directory.getInt(at) != ENTRY_SIGNATURE) {
        throw damaged(path, "directory entry " + i + " of " + count + " is missing");
      }
      int nameLength = unsigned(directory, at + 28);
      int extraLength = unsigned(directory, at + 30);
      int next = at + ENTRY_LENGTH + nameLength + extraLength + unsigned(directory, at + 32);
      if (next > directory.capacity()) {
        throw damaged(path, "directory entry " + i + " of " + count + " is cut short");
      }
      String name =
          StandardCharsets.UTF_8.decode(directory.slice(at + ENTRY_LENGTH, nameLength)).toString();
      long[] sizes = {
        directory.getInt(at + 24) & UNKNOWN,
        directory.getInt(at + 20) & UNKNOWN,
        directory.getInt(at + 42) & UNKNOWN
      };
      widen(
          path,
          name,
          directory
              .slice(at + ENTRY_LENGTH + nameLength, extraLength)
              .order(ByteOrder.LITTLE_ENDIAN),
          sizes);
      Entry entry =
          new Entry(
              name,
              unsigned(directory, at + 10),
              directory.getInt(at + 16),
              sizes[2],
              sizes[1],
              sizes[0]);
      boolean encrypted = (directory.getShort(at + 8) & 1) != 0;
      if (!name.endsWith("/")) {
        check(path, entry, encrypted, directoryStart);
        entries.add(entry);
      }
      at = next;
    }
    requireApart(path, entries);
    return entries;
  }

  /** Entries that share bytes make a small file unpack to any size. */
  private static void requireApart(String path, List<Entry> entries) throws IOException {
    List<Entry> byPlace = new ArrayList<>(entries);
    byPlace.sort(Comparator.comparingLong(Entry::header));
    for (int i = 1; i < byPlace.size(); i++) {
      Entry before = byPlace.get(i - 1);
      if (before.header() + LOCAL_LENGTH + before.stored() > byPlace.get(i).header()) {
        throw damaged(
            path, "entries " + before.name() + " and " + byPlace.get(i).name() + " overlap");
      }
    }
  }

  /**
   * Replaces those of size, stored size and header position that are all ones by their 64-bit
   * values.
   */
  private static void widen(String path, String name, ByteBuffer extra, long[] sizes)
      throws IOException {
    while (extra.remaining() >= 4) {
      int id = Short.toUnsignedInt(extra.getShort());
      int length = Short.toUnsignedInt(extra.getShort());
      if (length > extra.remaining()) {
        return;
      }
      int end = extra.position() + length;
      for (int i = 0; id == EXTRA64 && i < sizes.length; i++) {
        if (sizes[i] == UNKNOWN) {
          if (end - extra.position() < Long.BYTES) {
            throw damaged(path, "entry " + name + " lacks its 64-bit sizes");
          }
          sizes[i] = extra.getLong();
        }
      }
      extra.position(end);
    }
  }

  private static void check(String path, Entry entry, boolean encrypted, long directoryStart)
      throws IOException {
    if (encrypted || (entry.method() != STORED && entry.method() != DEFLATED)) {
      throw new BadFileException(
          path,
          "entry "
              + entry.name()
              + " is "
              + (encrypted ? "encrypted" : "packed by method " + entry.method())
              + "; expected stored or deflated entries");
    }
    if (entry.header() < 0
        || entry.stored() < 0
        || entry.size() < 0
        || (entry.method() == STORED && entry.stored() != entry.size())
        || entry.header() > directoryStart - LOCAL_LENGTH
        || entry.stored() > directoryStart - LOCAL_LENGTH - entry.header()) {
      throw damaged(path, "entry " + entry.name() + " has impossible sizes");
    }
  }

  private static BadFileException damaged(String path, String what) {
    return new BadFileException(path, "is a damaged zip: " + what);
  }

  private static int unsigned(ByteBuffer from, int at) {
    return Short.toUnsignedInt(from.getShort(at));
  }

  private static ByteBuffer bytes(RandomInput input, long position, int count) throws IOException {
    byte[] bytes = new byte[count];
    input.readFully(position, bytes, 0, count);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}

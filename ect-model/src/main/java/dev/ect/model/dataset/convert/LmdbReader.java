package dev.ect.model.dataset.convert;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Finds the values of an LMDB database (format 1, little-endian, 64 bits) in the order of their
 * keys, in a file that lies anywhere and that nobody vouches for. The layout: pages of one size;
 * the first two describe the database, the newer one counts; from there a B+ tree of branch and
 * leaf pages; values that are too large for a leaf lie on pages of their own.
 */
final class LmdbReader {
  /** Is told where every value lies. */
  @FunctionalInterface
  interface Values {
    /**
     * @param position of the first byte in the file
     * @param size bytes
     * @return whether to go on
     */
    boolean add(long position, int size) throws IOException;
  }

  private static final int HEADER = 16;
  private static final int NODE_HEADER = 8;
  private static final int BRANCH = 1;
  private static final int LEAF = 2;
  private static final int OVERFLOW = 4;
  private static final int META = 8;
  private static final int MAGIC = 0xBEEFC0DE;
  private static final int VERSION = 1;
  private static final int META_LENGTH = HEADER + 136;
  private static final int LARGE_VALUE = 1;
  private static final int DUPLICATE_KEYS = 4;
  private static final int SMALLEST_PAGE = 256;
  private static final int LARGEST_PAGE = 1 << 16;
  private static final int MOST_LEVELS = 32;
  private static final long NO_PAGE = -1;

  private final String file;
  private final RandomInput input;
  private final int pageSize;
  private final long pages;
  private final int depth;
  private final long root;
  private final long entries;
  private long found;

  /**
   * Reads the description.
   *
   * @param file its name for messages
   */
  LmdbReader(String file, RandomInput input) throws IOException {
    this.file = file;
    this.input = input;
    ByteBuffer first = meta(0);
    if (first == null) {
      throw new BadFileException(
          file, "is no LMDB database of format 1 for 64-bit little-endian machines");
    }
    long size = Integer.toUnsignedLong(first.getInt(HEADER + 24));
    if (size < SMALLEST_PAGE || size > LARGEST_PAGE || Long.bitCount(size) != 1) {
      throw damaged("its pages have " + size + " bytes");
    }
    pageSize = (int) size;
    pages = input.length() / pageSize;
    ByteBuffer second = meta(pageSize);
    boolean newer = second != null && second.getLong(HEADER + 128) > first.getLong(HEADER + 128);
    ByteBuffer meta = newer ? second : first;
    int main = HEADER + 72;
    if ((meta.getShort(main + 4) & DUPLICATE_KEYS) != 0) {
      throw new BadFileException(file, "has several values per key; expected one image per key");
    }
    depth = Short.toUnsignedInt(meta.getShort(main + 6));
    entries = meta.getLong(main + 32);
    root = meta.getLong(main + 40);
    if (depth > MOST_LEVELS || entries < 0 || entries > input.length() / NODE_HEADER) {
      throw damaged("it claims " + entries + " entries in " + depth + " levels");
    }
  }

  /** Entries of the database. */
  long entries() {
    return entries;
  }

  /** Walks through all values, or as many as the receiver wants. */
  void forEach(Values values) throws IOException {
    if (root == NO_PAGE && entries == 0) {
      return;
    }
    if (walk(root, 1, values) && found != entries) {
      throw damaged("it has " + found + " values; expected " + entries);
    }
  }

  private boolean walk(long number, int level, Values values) throws IOException {
    // Each leaf has a value and values are counted, so that the work is bounded too.
    if (level > depth) {
      throw damaged("its tree is deeper than the " + depth + " levels it claims");
    }
    ByteBuffer page = page(number);
    int flags = Short.toUnsignedInt(page.getShort(10));
    if (flags != (level == depth ? LEAF : BRANCH)) {
      throw damaged("page " + number + " is of kind " + flags + " at level " + level);
    }
    int keys = (Short.toUnsignedInt(page.getShort(12)) - HEADER) / Short.BYTES;
    if (keys < 1 || HEADER + keys * Short.BYTES > pageSize) {
      throw damaged("page " + number + " claims " + keys + " keys");
    }
    for (int i = 0; i < keys; i++) {
      int node = Short.toUnsignedInt(page.getShort(HEADER + i * Short.BYTES));
      if (node < HEADER + keys * Short.BYTES || node > pageSize - NODE_HEADER) {
        throw outside(number);
      }
      boolean goOn =
          flags == BRANCH
              ? walk(child(page, node), level + 1, values)
              : value(number, page, node, values);
      if (!goOn) {
        return false;
      }
    }
    return true;
  }

  /** Page number of a branch's node: 48 bits. */
  private static long child(ByteBuffer page, int node) {
    return Integer.toUnsignedLong(page.getInt(node)) | (page.getShort(node + 4) & 0xFFFFL) << 32;
  }

  private boolean value(long number, ByteBuffer page, int node, Values values) throws IOException {
    int size = page.getInt(node);
    int flags = Short.toUnsignedInt(page.getShort(node + 4));
    int data = node + NODE_HEADER + Short.toUnsignedInt(page.getShort(node + 6));
    if (size < 0) {
      throw damaged("page " + number + " has a value of more than 2 GiB");
    }
    if (flags != 0 && flags != LARGE_VALUE) {
      throw new BadFileException(
          file, "has an entry of kind " + flags + "; expected one plain database of images");
    }
    if (data > pageSize - (flags == LARGE_VALUE ? Long.BYTES : size)) {
      throw outside(number);
    }
    long position = number * pageSize + data;
    if (flags == LARGE_VALUE) {
      long large = page.getLong(data);
      ByteBuffer header = header(large);
      long held = Integer.toUnsignedLong(header.getInt(12)) * pageSize;
      position = large * pageSize + HEADER;
      if (header.getShort(10) != OVERFLOW
          || held < (long) size + HEADER
          || position + size > input.length()) {
        throw damaged("the value at page " + large + " does not fit its pages");
      }
    }
    if (++found > entries) {
      throw damaged("it has more values than the " + entries + " it claims");
    }
    return values.add(position, size);
  }

  /** A page that describes the database; null if it does not. */
  private ByteBuffer meta(long position) throws IOException {
    if (position + META_LENGTH > input.length()) {
      return null;
    }
    ByteBuffer meta = read(position, META_LENGTH);
    boolean valid =
        (meta.getShort(10) & META) != 0
            && meta.getInt(HEADER) == MAGIC
            && meta.getInt(HEADER + 4) == VERSION;
    return valid ? meta : null;
  }

  private ByteBuffer page(long number) throws IOException {
    header(number);
    return read(number * pageSize, pageSize);
  }

  private ByteBuffer header(long number) throws IOException {
    if (number < 2 || number >= pages) {
      throw damaged("it refers to page " + number + " of " + pages);
    }
    ByteBuffer header = read(number * pageSize, HEADER);
    if (header.getLong(0) != number) {
      throw damaged("page " + number + " says it is page " + header.getLong(0));
    }
    return header;
  }

  private ByteBuffer read(long position, int count) throws IOException {
    byte[] bytes = new byte[count];
    input.readFully(position, bytes, 0, count);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private BadFileException outside(long number) {
    return damaged("an entry of page " + number + " lies outside of it");
  }

  private BadFileException damaged(String what) {
    return new BadFileException(file, "is a damaged or truncated LMDB database: " + what);
  }
}

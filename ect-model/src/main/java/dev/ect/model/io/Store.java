package dev.ect.model.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.UUID;

/**
 * A file system. Paths are plain paths or URIs, with {@code /} between the parts. Implementations
 * are safe for use by several threads.
 *
 * <p>Methods that need a file throw {@link java.io.FileNotFoundException}, with a message that
 * names the path, where there is none.
 */
public interface Store {
  /** What {@link #write} puts into a file. */
  @FunctionalInterface
  interface Body {
    /** Writes the whole content. The caller closes {@code out}. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Whether there is a file or folder. */
  boolean exists(String path) throws IOException;

  /** The path for messages: with the file system that it belongs to where it does not say. */
  default String qualified(String path) throws IOException {
    return path;
  }

  /** Size, time and kind of a file or folder. */
  StoredFile info(String path) throws IOException;

  /** Opens a file for reading from its start. */
  InputStream open(String path) throws IOException;

  /** Opens a file for reading by position. */
  RandomInput openRandom(String path) throws IOException;

  /**
   * What lies in a folder, sorted by name.
   *
   * @param recursive whether to descend; then only files are listed, else folders too
   */
  List<StoredFile> list(String directory, boolean recursive) throws IOException;

  /** Makes a folder and those above it; does nothing where it exists. */
  void makeDirectories(String path) throws IOException;

  /**
   * Makes a folder, and those above it, for the caller alone.
   *
   * @return false where there is one already; of several callers at once, one is told true
   */
  boolean claimDirectory(String path) throws IOException;

  /**
   * Creates or empties a file and the folders above it. The content is not protected against a
   * failure half-way: see {@link #write}.
   */
  OutputStream create(String path) throws IOException;

  /**
   * Makes {@code from} durable and renames it to {@code to} in one step, in place of a file of that
   * name.
   */
  void replace(String from, String to) throws IOException;

  /**
   * Gives a folder another name on the same file system, in one step where that can rename. Object
   * stores copy instead.
   *
   * @throws java.nio.file.FileAlreadyExistsException if there is something at {@code to}
   */
  void renameDirectory(String from, String to) throws IOException;

  /** Deletes a file, or a folder with everything in it; does nothing where there is none. */
  void delete(String path) throws IOException;

  /**
   * Writes a file as a whole: under a temporary name in the same folder, then renamed. If anything
   * fails the old file stays and the temporary one is deleted.
   */
  default void write(String path, Body body) throws IOException {
    String temporary = join(parent(path), "." + name(path) + "." + UUID.randomUUID() + ".tmp");
    try {
      try (OutputStream out = create(temporary)) {
        body.writeTo(out);
      }
      replace(temporary, path);
    } catch (IOException | RuntimeException | Error failure) {
      try {
        delete(temporary);
      } catch (IOException again) {
        failure.addSuppressed(again);
      }
      throw failure;
    }
  }

  /** Reads a whole file of less than 2 GiB. */
  default byte[] readAll(String path) throws IOException {
    try (InputStream in = open(path)) {
      return in.readAllBytes();
    }
  }

  /** The path of something in a folder; the name itself where {@code directory} is empty. */
  static String join(String directory, String name) {
    return directory.isEmpty() || directory.endsWith("/")
        ? directory + name
        : directory + "/" + name;
  }

  /** The folder part of a path; empty where it has none. */
  static String parent(String path) {
    String trimmed = trim(path);
    int slash = trimmed.lastIndexOf('/');
    return slash == 0 ? "/" : trimmed.substring(0, Math.max(slash, 0));
  }

  /** The last part of a path. */
  static String name(String path) {
    String trimmed = trim(path);
    return trimmed.substring(trimmed.lastIndexOf('/') + 1);
  }

  /** Without slashes at the end; of an http address without what follows its path. */
  private static String trim(String address) {
    String path = Addresses.is(address) ? address.replaceFirst("[?#].*", "") : address;
    int end = path.length();
    while (end > 1 && path.charAt(end - 1) == '/') {
      end--;
    }
    return path.substring(0, end);
  }
}

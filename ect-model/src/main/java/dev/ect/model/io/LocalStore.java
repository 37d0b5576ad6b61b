package dev.ect.model.io;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The machine's own file system: plain paths, and the same after {@code file:} or {@code file://},
 * unescaped as Hadoop takes them.
 */
public final class LocalStore implements Store {
  private static final String SCHEME = "file:";

  @Override
  public boolean exists(String path) {
    return Files.exists(local(path));
  }

  @Override
  public StoredFile info(String path) throws IOException {
    Path local = present(path);
    return stored(path, Store.name(path), local);
  }

  @Override
  public InputStream open(String path) throws IOException {
    return Files.newInputStream(presentFile(path));
  }

  @Override
  public RandomInput openRandom(String path) throws IOException {
    return new ChannelInput(path, FileChannel.open(presentFile(path), StandardOpenOption.READ));
  }

  @Override
  public List<StoredFile> list(String directory, boolean recursive) throws IOException {
    Path root = present(directory);
    if (!Files.isDirectory(root)) {
      throw new BadFileException(directory, "is a file; expected a folder");
    }
    List<StoredFile> found = new ArrayList<>();
    try (Stream<Path> paths = recursive ? Files.walk(root) : Files.list(root)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        if (recursive && Files.isDirectory(path)) {
          continue;
        }
        String name =
            root.relativize(path).toString().replace(path.getFileSystem().getSeparator(), "/");
        found.add(stored(Store.join(directory, name), name, path));
      }
    }
    found.sort(Comparator.comparing(StoredFile::name));
    return found;
  }

  @Override
  public void makeDirectories(String path) throws IOException {
    Files.createDirectories(local(path));
  }

  @Override
  public boolean claimDirectory(String path) throws IOException {
    Path local = local(path).toAbsolutePath();
    if (local.getParent() != null) {
      Files.createDirectories(local.getParent());
    }
    try {
      Files.createDirectory(local);
      return true;
    } catch (FileAlreadyExistsException e) {
      if (Files.isDirectory(local)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public OutputStream create(String path) throws IOException {
    Path local = local(path).toAbsolutePath();
    if (local.getParent() != null) {
      Files.createDirectories(local.getParent());
    }
    return Files.newOutputStream(local);
  }

  @Override
  public void replace(String from, String to) throws IOException {
    Path source = presentFile(from);
    try (FileChannel channel = FileChannel.open(source, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(source, local(to), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void renameDirectory(String from, String to) throws IOException {
    // An atomic move would take the place of an empty folder.
    if (Files.exists(local(to), LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(to, null, "exists already");
    }
    Path source = present(from);
    try {
      Files.move(source, local(to), StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (Files.exists(source) && Files.exists(local(to), LinkOption.NOFOLLOW_LINKS)) {
        // Somebody else was faster.
        throw new FileAlreadyExistsException(to, null, "exists already");
      }
      throw e;
    }
  }

  @Override
  public void delete(String path) throws IOException {
    Path local = local(path);
    if (!Files.exists(local, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    List<Path> doomed;
    try (Stream<Path> paths = Files.walk(local)) {
      doomed = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : doomed) {
      Files.deleteIfExists(each);
    }
  }

  private static StoredFile stored(String path, String name, Path local) throws IOException {
    boolean directory = Files.isDirectory(local);
    return new StoredFile(
        path,
        name,
        directory ? 0 : Files.size(local),
        Files.getLastModifiedTime(local).toMillis(),
        directory);
  }

  private static Path presentFile(String path) throws IOException {
    Path local = present(path);
    if (Files.isDirectory(local)) {
      throw new BadFileException(path, "is a folder; expected a file");
    }
    return local;
  }

  private static Path present(String path) throws IOException {
    Path local = local(path);
    if (!Files.exists(local)) {
      throw new FileNotFoundException(path + ": no such file or folder");
    }
    return local;
  }

  private static Path local(String path) {
    if (!path.startsWith(SCHEME)) {
      return Path.of(path);
    }
    String rest = path.substring(SCHEME.length());
    return Path.of(
        rest.startsWith("//") ? rest.substring(Math.max(rest.indexOf('/', 2), 0)) : rest);
  }

  private record ChannelInput(String path, FileChannel channel, long length)
      implements RandomInput {
    ChannelInput(String path, FileChannel channel) throws IOException {
      this(path, channel, channel.size());
    }

    @Override
    public void readFully(long position, byte[] buffer, int offset, int count) throws IOException {
      ByteBuffer into = ByteBuffer.wrap(buffer, offset, count);
      while (into.hasRemaining()) {
        int read = channel.read(into, position + into.position() - offset);
        if (read < 0) {
          throw new EOFException(
              path
                  + ": ends at byte "
                  + channel.size()
                  + "; expected "
                  + count
                  + " bytes at "
                  + position);
        }
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}

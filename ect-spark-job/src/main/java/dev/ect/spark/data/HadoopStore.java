package dev.ect.spark.data;

import dev.ect.model.io.Addresses;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Every file system that Hadoop knows, by the scheme of the path; paths without one belong to
 * {@code fs.defaultFS}. The machine's own files are left to {@link LocalStore}, whose renames are
 * atomic and which writes no checksum files. What lies behind an http or https address is
 * downloaded once to every machine that reads it. Travels to executors.
 */
public final class HadoopStore implements Store, Serializable {
  private static final long serialVersionUID = 1L;

  /** Setting: folder for downloads on every machine. */
  private static final String CACHE = "ect.cache";

  /** Made by whoever has a folder to itself. */
  private static final String CLAIM = ".claimed";

  private final SerializableConfiguration configuration;

  /** The driver's working folder: executors have others. Empty where it is nobody's. */
  private final String folder;

  private final transient LocalStore local = new LocalStore();
  private final transient Downloads downloads;
  private final transient Map<URI, FileContext> contexts = new ConcurrentHashMap<>();

  public HadoopStore(Configuration configuration) {
    this(configuration, DownloadListener.NONE);
  }

  /**
   * @param listener told about downloads to this machine; it does not travel
   */
  public HadoopStore(Configuration configuration, DownloadListener listener) {
    this(configuration, listener, java.nio.file.Path.of("").toAbsolutePath().toString());
  }

  /**
   * @param folder that relative paths of this machine start from; empty where there must be none
   */
  public HadoopStore(Configuration configuration, DownloadListener listener, String folder) {
    this.configuration = new SerializableConfiguration(configuration);
    this.folder = folder;
    String cache = configuration.get(CACHE, "");
    downloads =
        new Downloads(
            cache.isEmpty() ? Downloads.defaultCache() : java.nio.file.Path.of(cache), listener);
  }

  private Object readResolve() {
    return new HadoopStore(configuration.value(), DownloadListener.NONE, folder);
  }

  @Override
  public boolean exists(String path) throws IOException {
    if (Addresses.is(path)) {
      try {
        downloads.fetch(path);
        return true;
      } catch (FileNotFoundException e) {
        return false;
      }
    }
    return isLocal(path) ? local.exists(here(path)) : fileSystem(path).exists(new Path(path));
  }

  @Override
  public String qualified(String path) throws IOException {
    return Addresses.is(path) || isLocal(path)
        ? path
        : fileSystem(path).makeQualified(new Path(path)).toString();
  }

  @Override
  public StoredFile info(String path) throws IOException {
    if (Addresses.is(path)) {
      StoredFile file = local.info(downloads.fetch(path).toString());
      return new StoredFile(path, Store.name(path), file.length(), file.modified(), false);
    }
    return isLocal(path) ? local.info(here(path)) : stored(path, Store.name(path), status(path));
  }

  @Override
  public InputStream open(String path) throws IOException {
    if (Addresses.is(path)) {
      return local.open(downloads.fetch(path).toString());
    }
    if (isLocal(path)) {
      return local.open(here(path));
    }
    requireFile(path);
    return fileSystem(path).open(new Path(path));
  }

  @Override
  public RandomInput openRandom(String path) throws IOException {
    if (Addresses.is(path)) {
      return local.openRandom(downloads.fetch(path).toString());
    }
    if (isLocal(path)) {
      return local.openRandom(here(path));
    }
    long length = requireFile(path).getLen();
    return new PositionedInput(path, fileSystem(path).open(new Path(path)), length);
  }

  @Override
  public List<StoredFile> list(String directory, boolean recursive) throws IOException {
    if (Addresses.is(directory)) {
      throw new BadFileException(directory, "is an http address; expected a folder");
    }
    if (isLocal(directory)) {
      return local.list(here(directory), recursive);
    }
    if (!status(directory).isDirectory()) {
      throw new BadFileException(directory, "is a file; expected a folder");
    }
    FileSystem files = fileSystem(directory);
    Path root = files.makeQualified(new Path(directory));
    List<StoredFile> found = new ArrayList<>();
    if (recursive) {
      RemoteIterator<LocatedFileStatus> each = files.listFiles(root, true);
      while (each.hasNext()) {
        found.add(below(directory, root, each.next()));
      }
    } else {
      for (FileStatus each : files.listStatus(root)) {
        found.add(below(directory, root, each));
      }
    }
    found.sort(Comparator.comparing(StoredFile::name));
    return found;
  }

  @Override
  public void makeDirectories(String path) throws IOException {
    if (isLocal(path)) {
      local.makeDirectories(here(path));
    } else {
      fileSystem(path).mkdirs(new Path(path));
    }
  }

  @Override
  public boolean claimDirectory(String path) throws IOException {
    if (isLocal(path)) {
      return local.claimDirectory(here(path));
    }
    FileSystem files = fileSystem(path);
    Path folder = new Path(path);
    if (files.exists(folder)) {
      return false;
    }
    files.mkdirs(folder);
    // Making a folder that exists is no error there; making a file is.
    try {
      files.create(new Path(folder, CLAIM), false).close();
      return true;
    } catch (FileAlreadyExistsException | org.apache.hadoop.ipc.RemoteException e) {
      if (files.exists(new Path(folder, CLAIM))) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public OutputStream create(String path) throws IOException {
    return isLocal(path) ? local.create(here(path)) : fileSystem(path).create(new Path(path), true);
  }

  @Override
  public void replace(String from, String to) throws IOException {
    if (isLocal(from)) {
      local.replace(here(from), here(to));
      return;
    }
    Path source = new Path(from);
    Path target = new Path(to);
    try {
      context(from).rename(source, target, Options.Rename.OVERWRITE);
    } catch (UnsupportedFileSystemException e) {
      // A file system of the older kind only: it cannot rename over a file.
      FileSystem files = fileSystem(from);
      files.delete(target, false);
      if (!files.rename(source, target)) {
        throw new IOException(from + ": cannot be renamed to " + to, e);
      }
    }
  }

  @Override
  public void renameDirectory(String from, String to) throws IOException {
    if (isLocal(from)) {
      local.renameDirectory(here(from), here(to));
      return;
    }
    Path source = new Path(from);
    Path target = new Path(to);
    try {
      context(from).rename(source, target, Options.Rename.NONE);
    } catch (FileAlreadyExistsException e) {
      throw alreadyThere(to, e);
    } catch (UnsupportedFileSystemException e) {
      FileSystem files = fileSystem(from);
      // Renaming to a folder that is there would put this one into it.
      if (files.exists(target)) {
        throw alreadyThere(to, e);
      }
      if (!files.rename(source, target)) {
        throw new IOException(from + ": cannot be renamed to " + to, e);
      }
    }
  }

  private static IOException alreadyThere(String path, IOException cause) {
    IOException named = new java.nio.file.FileAlreadyExistsException(path, null, "exists already");
    named.initCause(cause);
    return named;
  }

  private FileContext context(String path) throws IOException {
    URI system = fileSystem(path).getUri();
    FileContext context = contexts.get(system);
    if (context == null) {
      // Each has connections of its own, which Hadoop neither shares nor closes.
      context = FileContext.getFileContext(system, configuration.value());
      contexts.put(system, context);
    }
    return context;
  }

  @Override
  public void delete(String path) throws IOException {
    if (isLocal(path)) {
      local.delete(here(path));
    } else {
      fileSystem(path).delete(new Path(path), true);
    }
  }

  /** A path of this machine as the driver means it. */
  private String here(String path) throws BadFileException {
    java.nio.file.Path own = java.nio.file.Path.of("").toAbsolutePath();
    boolean relative = !path.startsWith("/") && new Path(path).toUri().getScheme() == null;
    if (relative && folder.isEmpty()) {
      throw new BadFileException(
          path,
          "is relative to the driver's folder, which in cluster mode Spark makes on a machine of"
              + " the cluster; expected an absolute path or address that driver and executors reach"
              + ", such as /shared/..., hdfs://... or s3a://...");
    }
    return relative && !own.toString().equals(folder) ? Store.join(folder, path) : path;
  }

  /** Reading has seen to http addresses before it asks. */
  private boolean isLocal(String path) throws IOException {
    if (Addresses.is(path)) {
      throw new BadFileException(path, "is an http address: files there can only be read");
    }
    String scheme = new Path(path).toUri().getScheme();
    if (scheme == null) {
      scheme = FileSystem.getDefaultUri(configuration.value()).getScheme();
    }
    return "file".equals(scheme);
  }

  private FileSystem fileSystem(String path) throws IOException {
    return new Path(path).getFileSystem(configuration.value());
  }

  private FileStatus status(String path) throws IOException {
    try {
      return fileSystem(path).getFileStatus(new Path(path));
    } catch (FileNotFoundException e) {
      FileNotFoundException named =
          new FileNotFoundException(qualified(path) + ": no such file or folder");
      named.initCause(e);
      throw named;
    }
  }

  private FileStatus requireFile(String path) throws IOException {
    FileStatus status = status(path);
    if (status.isDirectory()) {
      throw new BadFileException(path, "is a folder; expected a file");
    }
    return status;
  }

  private static StoredFile below(String directory, Path root, FileStatus status) {
    String name = root.toUri().relativize(status.getPath().toUri()).getPath();
    return stored(Store.join(directory, name), name, status);
  }

  private static StoredFile stored(String path, String name, FileStatus status) {
    return new StoredFile(
        path,
        name,
        status.isDirectory() ? 0 : status.getLen(),
        status.getModificationTime(),
        status.isDirectory());
  }
}

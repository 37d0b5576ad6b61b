package dev.ect.spark;

import dev.ect.model.io.LocalStore;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/** The machine's own files; tests override what they want to see or to disturb. */
public class ForwardingStore implements Store {
  private final Store files = new LocalStore();

  @Override
  public boolean exists(String path) throws IOException {
    return files.exists(path);
  }

  @Override
  public StoredFile info(String path) throws IOException {
    return files.info(path);
  }

  @Override
  public InputStream open(String path) throws IOException {
    return files.open(path);
  }

  @Override
  public RandomInput openRandom(String path) throws IOException {
    return files.openRandom(path);
  }

  @Override
  public List<StoredFile> list(String directory, boolean recursive) throws IOException {
    return files.list(directory, recursive);
  }

  @Override
  public void makeDirectories(String path) throws IOException {
    files.makeDirectories(path);
  }

  @Override
  public boolean claimDirectory(String path) throws IOException {
    return files.claimDirectory(path);
  }

  @Override
  public OutputStream create(String path) throws IOException {
    return files.create(path);
  }

  @Override
  public void replace(String from, String to) throws IOException {
    files.replace(from, to);
  }

  @Override
  public void renameDirectory(String from, String to) throws IOException {
    files.renameDirectory(from, to);
  }

  @Override
  public void delete(String path) throws IOException {
    files.delete(path);
  }
}

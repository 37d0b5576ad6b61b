package dev.ect.model.checkpoint;

import dev.ect.model.io.BadFileException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tensors of one or more files under names of its own. Owns the files that it is given. */
final class NamedTensors implements TensorFile {
  private final String path;
  private final Map<String, TensorInfo> infos = new LinkedHashMap<>();
  private final Map<String, FloatSource> sources = new LinkedHashMap<>();
  private final List<Closeable> owned = new ArrayList<>();

  /**
   * @param path for messages
   */
  NamedTensors(String path) {
    this.path = path;
  }

  /** Closes something with this. */
  void own(Closeable resource) {
    owned.add(resource);
  }

  /** Adds a tensor. */
  void add(String name, DType dtype, long[] shape, FloatSource source) {
    infos.put(name, new TensorInfo(name, dtype, shape, TensorInfo.SCATTERED));
    sources.put(name, source);
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(infos);
  }

  @Override
  public void read(String name, long offset, FloatBuffer into) throws IOException {
    TensorInfo info = infos.get(name);
    if (info == null) {
      throw new BadFileException(path, "has no tensor " + name);
    }
    if (offset < 0 || into.remaining() > info.elements() - offset) {
      throw new BadFileException(
          path,
          "tensor " + info + " has no " + into.remaining() + " elements from number " + offset);
    }
    sources.get(name).read(offset, into);
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Closeable resource : owned) {
      try {
        resource.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}

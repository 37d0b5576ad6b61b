package dev.ect.model.dataset;

import dev.ect.model.io.Store;
import java.io.IOException;

/**
 * An EDM dataset opened for reading: index and images together. Safe for use by several threads.
 */
public final class EdmDataset implements AutoCloseable {
  private final DatasetIndex index;
  private final ImageReader reader;

  private EdmDataset(DatasetIndex index, ImageReader reader) {
    this.index = index;
    this.reader = reader;
  }

  /** Indexes and opens a dataset; see {@link DatasetIndexer#index} for the errors. */
  public static EdmDataset open(Store store, String path, DatasetOptions options)
      throws IOException {
    DatasetIndex index = DatasetIndexer.index(store, path, options);
    return new EdmDataset(index, new ImageReader(store, index));
  }

  /** What it holds. */
  public DatasetIndex index() {
    return index;
  }

  /** Number of images. */
  public int size() {
    return index.size();
  }

  /** Shape of every image. */
  public ImageShape shape() {
    return index.shape();
  }

  /** Image i's label as the network takes it: one-hot or a vector, empty where unlabelled. */
  public float[] label(int i) {
    return index.label(i);
  }

  /** Image i as bytes [C,H,W]. */
  public byte[] image(int i) throws IOException {
    return reader.read(i);
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}

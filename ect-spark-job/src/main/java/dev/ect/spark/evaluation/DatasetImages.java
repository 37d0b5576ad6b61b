package dev.ect.spark.evaluation;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.ImageReader;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.Store;
import dev.ect.spark.data.HadoopStore;
import java.io.IOException;
import org.apache.spark.broadcast.Broadcast;

/**
 * The images of a dataset, in its order.
 *
 * @param shape of every image
 */
record DatasetImages(HadoopStore store, Broadcast<DatasetIndex> index, ImageShape shape)
    implements ImageSource {
  private static final long serialVersionUID = 1L;

  @Override
  public Open open(TaskDevice device) throws IOException {
    return new Reader(store, index.value());
  }

  private static final class Reader implements Open {
    private final ImageReader reader;

    Reader(Store store, DatasetIndex index) throws IOException {
      reader = new ImageReader(store, index);
    }

    @Override
    public byte[][][] read(ImageRange batch) throws IOException {
      byte[][] images = new byte[batch.count()][];
      for (int i = 0; i < images.length; i++) {
        images[i] = reader.read(Math.toIntExact(batch.first() + i));
      }
      return new byte[][][] {images};
    }

    @Override
    public void close() throws IOException {
      reader.close();
    }
  }
}

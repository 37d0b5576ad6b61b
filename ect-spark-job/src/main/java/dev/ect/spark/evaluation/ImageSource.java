package dev.ect.spark.evaluation;

import dev.ect.model.dataset.ImageShape;
import java.io.IOException;
import java.io.Serializable;

/** Where the images of a stage come from. Travels to executors. */
interface ImageSource extends Serializable {
  /** Shape of every image. */
  ImageShape shape();

  /** Opens it in a task. */
  Open open(TaskDevice device) throws IOException;

  /** A source in a task; used by one thread. */
  interface Open extends AutoCloseable {
    /**
     * The images of a batch.
     *
     * @return per variant, which is a sampler where they are generated, {@code [N][C,H,W]} bytes
     */
    byte[][][] read(ImageRange batch) throws IOException;

    @Override
    void close() throws IOException;
  }
}

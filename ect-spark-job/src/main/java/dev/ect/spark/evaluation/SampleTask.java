package dev.ect.spark.evaluation;

import java.io.IOException;
import java.io.Serializable;
import org.apache.spark.util.LongAccumulator;

/** Generates images to be kept. */
final class SampleTask extends BatchTask<SampleTask.Images> {
  private static final long serialVersionUID = 1L;

  private final ImageSource source;

  SampleTask(ImageSource source, int threads, LongAccumulator done) {
    super(threads, done);
    this.source = source;
  }

  /**
   * A batch.
   *
   * @param variants per variant of the source {@code [N][C,H,W]} bytes
   */
  record Images(ImageRange range, byte[][][] variants) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  @Override
  Work<Images> open(TaskDevice device) throws IOException {
    ImageSource.Open images = source.open(device);
    return new Work<>() {
      @Override
      public Images compute(ImageRange batch) throws IOException {
        return new Images(batch, images.read(batch));
      }

      @Override
      public void close() throws IOException {
        images.close();
      }
    };
  }
}

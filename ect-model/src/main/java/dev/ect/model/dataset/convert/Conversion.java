package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageDecoder.Decoded;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Label;
import dev.ect.model.dataset.PngEncoder;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Images of a source becoming images of a dataset. Image i of the dataset is image i of the source;
 * the number of one that is skipped stays unused. Immutable; travels to executors.
 *
 * @param source the images
 * @param transform how they get their size
 * @param resolution their size; null for the source's own
 * @param shape of every image of the dataset: that of the first one
 */
public record Conversion(
    ImageSource source, Transform transform, Resolution resolution, ImageShape shape)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** Images that wait for their turn to be written, per thread. */
  private static final int AHEAD = 8;

  /** Hears of every image of the source that is done. */
  @FunctionalInterface
  public interface Progress {
    /** One more is done; what this throws ends the conversion. */
    void done() throws IOException;
  }

  /**
   * An image as it is written.
   *
   * @param png null if the image is skipped
   */
  private record Made(int number, byte[] png, Label label) {}

  /**
   * Reads the source's first image to see what the others must be like.
   *
   * @throws BadFileException if it is not what datasets are made of, or all images are skipped
   */
  public static Conversion plan(
      Store store, ImageSource source, Transform transform, Resolution resolution)
      throws IOException {
    try (ImageSource.Images images = source.open(store)) {
      String name = "";
      for (ImageSource.Image image = images.next(); image != null; image = images.next()) {
        name = image.name();
        Decoded made = transform.apply(image.content().read(), resolution);
        if (made != null) {
          ImageShape shape = made.shape();
          if (shape.height() != shape.width() || Integer.bitCount(shape.width()) != 1) {
            throw new BadFileException(
                name,
                "would become "
                    + shape
                    + "; expected a square image of a power of two pixels: give a resolution");
          }
          return new Conversion(source, transform, resolution, shape);
        }
      }
      throw new BadFileException(
          name,
          "is skipped as too small for " + resolution + ", as all images; expected larger ones");
    }
  }

  /** The same of images {@code from} to {@code to - 1} of the source. */
  public Conversion slice(int from, int to) {
    return new Conversion(source.slice(from, to), transform, resolution, shape);
  }

  /**
   * Converts all images and adds them to a dataset, in order.
   *
   * @param threads that decode, resize and encode
   * @throws BadFileException if an image is damaged or becomes one of another shape; the first such
   */
  public void addTo(EdmDatasetWriter writer, Store store, int threads, Progress progress)
      throws IOException {
    ExecutorService workers = Executors.newFixedThreadPool(threads, Conversion::worker);
    try (ImageSource.Images images = source.open(store)) {
      try {
        Queue<Future<Made>> waiting = new ArrayDeque<>();
        for (ImageSource.Image image = images.next(); image != null; image = images.next()) {
          ImageSource.Image each = image;
          waiting.add(workers.submit(() -> make(each)));
          if (waiting.size() >= AHEAD * threads) {
            add(writer, waiting.remove(), progress);
          }
        }
        while (!waiting.isEmpty()) {
          add(writer, waiting.remove(), progress);
        }
      } finally {
        end(workers);
      }
    }
  }

  private Made make(ImageSource.Image image) throws IOException {
    Decoded made = transform.apply(image.content().read(), resolution);
    if (made == null) {
      return new Made(image.number(), null, null);
    }
    if (!made.shape().equals(shape)) {
      throw new BadFileException(
          image.name(),
          (resolution == null ? "is " : "becomes ")
              + made.shape()
              + "; expected "
              + shape
              + " as the first image"
              + (resolution == null ? ": give a resolution" : ""));
    }
    return new Made(image.number(), PngEncoder.plain(shape, made.pixels()), image.label());
  }

  private static void add(EdmDatasetWriter writer, Future<Made> future, Progress progress)
      throws IOException {
    try {
      Made made = future.get();
      if (made.png() != null) {
        writer.addPng(made.number(), made.png(), made.label());
      }
      progress.done();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private static Thread worker(Runnable work) {
    Thread thread = new Thread(work, "convert");
    thread.setDaemon(true);
    return thread;
  }

  /** Waits for the workers, which read what the caller is about to close. */
  private static void end(ExecutorService workers) {
    // Not shutdownNow: an interrupt would close the file under the other readers, and each of the
    // few images that are left takes only a moment.
    workers.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (workers.awaitTermination(1, TimeUnit.MINUTES)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.ect.model.metrics;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.ScriptedNetwork;
import dev.ect.model.engine.ScriptedNetworks;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * A detector network on a device. It is called as the StyleGAN family calls it: Inception and VGG16
 * take bytes [N,3,H,W] and resize them themselves, DINOv2 takes what {@link DinoInput} makes. An
 * image's numbers are the same bits in every call of the same size, and differ by rounding only
 * between calls of different sizes.
 *
 * <p>Used by one thread at a time. Whoever opened it closes it, which frees its native memory.
 */
public final class Detector implements AutoCloseable {
  private static final int CHANNELS = 3;
  private static final byte MIDDLE = (byte) 128;

  /** Largest deviation from 1 of the sum of an image's probabilities; some networks use float16. */
  private static final double SUM_TOLERANCE = 0.01;

  private final String name;
  private final DetectorKind kind;
  private final int width;
  private final ScriptedNetwork network;
  private ImageShape prepared;
  private DinoInput preparation;
  private int classes;

  private Detector(String name, DetectorKind kind, int width, ScriptedNetwork network) {
    this.name = name;
    this.kind = kind;
    this.width = width;
    this.network = network;
  }

  /**
   * Opens a detector. The file's code runs in LibTorch's interpreter: it must come from someone who
   * is trusted.
   *
   * @param file TorchScript
   * @param name the path that the user gave, for messages
   * @param width features expected per image, 0 for the kind's own
   * @param options device and threads; the precision is the file's own
   * @throws BadFileException if the file is missing or no TorchScript
   * @throws dev.ect.model.engine.EngineUnavailableException if LibTorch cannot run here, or not on
   *     that device
   */
  public static Detector open(
      Path file, String name, DetectorKind kind, int width, EngineOptions options)
      throws IOException {
    if (width < 0) {
      throw new IllegalArgumentException("width is " + width + "; expected at least 0");
    }
    return new Detector(
        name,
        kind,
        width == 0 ? kind.width() : width,
        ScriptedNetworks.open(file, name, kind.published(), options));
  }

  /** Features per image. */
  public int width() {
    return width;
  }

  /**
   * Probabilities per image.
   *
   * @throws IllegalStateException before the first call of {@link #probabilities} or {@link #probe}
   */
  public int classes() {
    if (classes == 0) {
      throw new IllegalStateException(
          name + ": the number of classes is known after probabilities or probe");
    }
    return classes;
  }

  /**
   * Features of images.
   *
   * @param images [N][C,H,W]; grey ones are repeated to three channels
   * @return [N,width], row-major
   * @throws BadFileException if the network does not do what its kind does; see {@link #probe}
   * @throws IllegalArgumentException if an image has another number of bytes
   * @throws IllegalStateException if the device has failed or has too little memory
   */
  public float[] features(byte[][] images, ImageShape shape) throws IOException {
    check(images, shape);
    if (images.length == 0) {
      return new float[0];
    }
    ScriptedNetwork.Output output =
        kind == DetectorKind.DINOV2
            ? network.run(
                preparation(shape).of(images),
                new long[] {images.length, CHANNELS, DinoInput.SIZE, DinoInput.SIZE},
                Map.of())
            : run(images, shape, "return_features");
    if (!Arrays.equals(output.shape(), new long[] {images.length, width})) {
      boolean onlyWidth =
          output.shape().length == 2 && output.shape()[0] == images.length && output.shape()[1] > 0;
      throw new BadFileException(
          name,
          "gives features of shape "
              + Arrays.toString(output.shape())
              + "; expected ["
              + images.length
              + ", "
              + width
              + "] from "
              + kind.published()
              + (onlyWidth ? "; for a network of another width set evaluation." : "")
              + (onlyWidth ? kind.id() + ".width = " + output.shape()[1] : ""));
    }
    requireFinite(output.values(), width);
    return output.values();
  }

  /**
   * Class probabilities of images, as the Inception score takes them: softmax without the bias of
   * the last layer.
   *
   * @param images as for {@link #features}
   * @return [N,classes], row-major
   * @throws BadFileException if the network does not do what its kind does; see {@link #probe}
   * @throws IllegalArgumentException if an image has another number of bytes
   * @throws IllegalStateException if this is no Inception network, or if the device has failed or
   *     has too little memory
   */
  public float[] probabilities(byte[][] images, ImageShape shape) throws IOException {
    if (kind != DetectorKind.INCEPTION) {
      throw new IllegalStateException(
          name + ": a detector of kind " + kind.id() + " gives no class probabilities");
    }
    check(images, shape);
    if (images.length == 0) {
      return new float[0];
    }
    ScriptedNetwork.Output output = run(images, shape, "no_output_bias");
    long[] found = output.shape();
    if (found.length != 2
        || found[0] != images.length
        || found[1] < 1
        || (classes != 0 && found[1] != classes)) {
      throw new BadFileException(
          name,
          "gives class probabilities of shape "
              + Arrays.toString(found)
              + "; expected ["
              + images.length
              + ", "
              + (classes == 0 ? "classes" : classes)
              + "] from "
              + kind.published());
    }
    int count = Math.toIntExact(found[1]);
    requireFinite(output.values(), count);
    requireProbabilities(output.values(), count);
    classes = count;
    return output.values();
  }

  /**
   * Runs one grey image through everything this kind is asked for: features, and probabilities from
   * Inception.
   *
   * @throws BadFileException if the network does not take the arguments of its kind; or gives
   *     something else than [N,width] features, than [N,classes] probabilities that sum to 1 for
   *     every image, or than finite numbers
   */
  public void probe(ImageShape shape) throws IOException {
    byte[] grey = new byte[shape.size()];
    Arrays.fill(grey, MIDDLE);
    byte[][] images = {grey};
    features(images, shape);
    if (kind == DetectorKind.INCEPTION) {
      probabilities(images, shape);
    }
  }

  @Override
  public void close() {
    network.close();
  }

  private static void check(byte[][] images, ImageShape shape) {
    for (int i = 0; i < images.length; i++) {
      if (images[i].length != shape.size()) {
        throw new IllegalArgumentException(
            "image "
                + i
                + " has "
                + images[i].length
                + " bytes; expected "
                + shape.size()
                + " for "
                + shape);
      }
    }
  }

  private ScriptedNetwork.Output run(byte[][] images, ImageShape shape, String keyword)
      throws BadFileException {
    int size = CHANNELS * shape.height() * shape.width();
    byte[] input = new byte[Math.multiplyExact(images.length, size)];
    for (int i = 0; i < images.length; i++) {
      for (int done = 0; done < size; done += shape.size()) {
        System.arraycopy(images[i], 0, input, i * size + done, shape.size());
      }
    }
    return network.run(
        input,
        new long[] {images.length, CHANNELS, shape.height(), shape.width()},
        Map.of(keyword, true));
  }

  private DinoInput preparation(ImageShape shape) {
    if (!shape.equals(prepared)) {
      preparation = new DinoInput(shape);
      prepared = shape;
    }
    return preparation;
  }

  private void requireFinite(float[] values, int perImage) throws BadFileException {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new BadFileException(
            name,
            "gives "
                + values[i]
                + " as number "
                + i % perImage
                + " of image "
                + i / perImage
                + "; expected finite numbers from "
                + kind.published());
      }
    }
  }

  private void requireProbabilities(float[] values, int perImage) throws BadFileException {
    for (int from = 0; from < values.length; from += perImage) {
      double sum = 0;
      boolean negative = false;
      for (int i = from; i < from + perImage; i++) {
        sum += values[i];
        negative |= values[i] < 0;
      }
      if (negative || Math.abs(sum - 1) > SUM_TOLERANCE) {
        throw new BadFileException(
            name,
            "gives "
                + (negative ? "negative numbers" : "numbers that sum to " + sum)
                + " as the class probabilities of an image; expected a softmax, from "
                + kind.published());
      }
    }
  }
}

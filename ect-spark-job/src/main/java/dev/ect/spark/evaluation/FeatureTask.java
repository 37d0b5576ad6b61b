package dev.ect.spark.evaluation;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.metrics.Detector;
import dev.ect.model.metrics.DetectorKind;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.util.LongAccumulator;

/** Computes features of images. */
final class FeatureTask extends BatchTask<FeatureChunk> {
  private static final long serialVersionUID = 1L;

  /** Images that a detector sees at once, as in EDM's tools. */
  private static final int AT_ONCE = 64;

  private final ImageSource source;
  private final Detectors detectors;
  private final List<FeatureRequest> requests;
  private final long first;

  /**
   * @param requests what to compute
   * @param first number of the set's first image
   */
  FeatureTask(
      ImageSource source,
      Detectors detectors,
      List<FeatureRequest> requests,
      long first,
      int threads,
      LongAccumulator done) {
    super(threads, done);
    this.source = source;
    this.detectors = detectors;
    this.requests = List.copyOf(requests);
    this.first = first;
  }

  @Override
  Work<FeatureChunk> open(TaskDevice device) throws IOException {
    ImageSource.Open images = source.open(device);
    Features work = new Features(images);
    try {
      for (FeatureRequest request : requests) {
        if (!work.detectors.containsKey(request.detector())) {
          work.detectors.put(request.detector(), detectors.open(request.detector(), device));
        }
      }
      return work;
    } catch (IOException | RuntimeException | Error e) {
      try (work) {
        throw e;
      }
    }
  }

  private final class Features implements Work<FeatureChunk> {
    private final ImageSource.Open images;
    private final Map<DetectorKind, Detector> detectors = new EnumMap<>(DetectorKind.class);

    Features(ImageSource.Open images) {
      this.images = images;
    }

    @Override
    public FeatureChunk compute(ImageRange batch) throws IOException {
      byte[][][] variants = images.read(batch);
      float[][] values = new float[requests.size()][];
      for (int i = 0; i < values.length; i++) {
        FeatureRequest request = requests.get(i);
        values[i] =
            batch.first() - first < request.limit()
                ? compute(request, variants[request.variant()])
                : new float[0];
      }
      return new FeatureChunk(batch.first() - first, batch.count(), values);
    }

    /** In parts, so that the detector's memory does not follow the size of the batch. */
    private float[] compute(FeatureRequest request, byte[][] images) throws IOException {
      Detector detector = detectors.get(request.detector());
      ImageShape shape = source.shape();
      float[] values = null;
      for (int from = 0; from < images.length; from += AT_ONCE) {
        byte[][] part = Arrays.copyOfRange(images, from, Math.min(images.length, from + AT_ONCE));
        float[] some =
            request.output() == FeatureRequest.Output.FEATURES
                ? detector.features(part, shape)
                : detector.probabilities(part, shape);
        int width = some.length / part.length;
        values = values == null ? new float[images.length * width] : values;
        System.arraycopy(some, 0, values, from * width, some.length);
      }
      return values;
    }

    @Override
    public void close() throws IOException {
      try (images) {
        detectors.values().forEach(Detector::close);
      }
    }
  }
}

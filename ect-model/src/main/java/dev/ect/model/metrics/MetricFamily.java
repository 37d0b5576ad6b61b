package dev.ect.model.metrics;

/** What a metric computes, and of which detector's features. */
public enum MetricFamily {
  /** Frechet distance of Inception features (Heusel et al., arXiv 1706.08500). */
  FID(DetectorKind.INCEPTION, 2),
  /** Kernel distance of Inception features (Binkowski et al., arXiv 1801.01401). */
  KID(DetectorKind.INCEPTION, 2),
  /** Inception score (Salimans et al., arXiv 1606.03498). */
  INCEPTION_SCORE(DetectorKind.INCEPTION, Metric.IS_SPLITS),
  /** Improved precision and recall of VGG16 features (Kynkäänniemi et al., arXiv 1904.06991). */
  PRECISION_RECALL(DetectorKind.VGG16, Metric.PR_NEIGHBOUR + 1),
  /** Frechet distance of DINOv2 features (Stein et al., arXiv 2306.04675). */
  FD_DINOV2(DetectorKind.DINOV2, 2);

  private final DetectorKind detector;
  private final int fewest;

  MetricFamily(DetectorKind detector, int fewest) {
    this.detector = detector;
    this.fewest = fewest;
  }

  /** Fewest images of a set that it can be computed of. */
  public int fewest() {
    return fewest;
  }

  /** The network whose features it takes. */
  public DetectorKind detector() {
    return detector;
  }

  /** Whether generated images are compared with real ones. */
  public boolean needsReal() {
    return this != INCEPTION_SCORE;
  }

  /** Whether it follows from mean and covariance of the features. */
  public boolean isFrechet() {
    return this == FID || this == FD_DINOV2;
  }
}

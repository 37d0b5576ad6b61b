package dev.ect.model.engine;

/** Group normalisation of {@link ReferenceEngine}. */
final class ReferenceNorm {
  private final ReferenceTensor x;
  private final ReferenceTensor gamma;
  private final ReferenceTensor beta;
  private final ReferenceTensor scaleShift;
  private final GroupNorm norm;
  private final int channels;
  private final int plane;
  private final int members;

  ReferenceNorm(
      ReferenceTensor x,
      ReferenceTensor gamma,
      ReferenceTensor beta,
      ReferenceTensor scaleShift,
      GroupNorm norm) {
    this.x = x;
    this.gamma = gamma;
    this.beta = beta;
    this.scaleShift = scaleShift;
    this.norm = norm;
    channels = x.dim(1);
    plane = x.dim(2) * x.dim(3);
    members = channels / norm.groups() * plane;
  }

  /** {@code [N * groups, 2]}: mean and inverse deviation. */
  ReferenceTensor statistics() {
    int rows = x.dim(0) * norm.groups();
    ReferenceTensor s = new ReferenceTensor(x.engine, rows, 2);
    for (int row = 0; row < rows; row++) {
      double mean = 0;
      for (int i = 0; i < members; i++) {
        mean += x.get(row * members + i) / members;
      }
      double variance = 0;
      for (int i = 0; i < members; i++) {
        double d = x.get(row * members + i) - mean;
        variance += d * d / members;
      }
      s.set(2 * row, mean);
      s.set(2 * row + 1, 1 / Math.sqrt(variance + norm.eps()));
    }
    return s;
  }

  private double normalised(ReferenceTensor s, int i) {
    int row = i / members;
    return (x.get(i) - s.get(2 * row)) * s.get(2 * row + 1);
  }

  private double affine(double normalised, int i) {
    int c = i / plane % channels;
    return normalised * gamma.get(c) + beta.get(c);
  }

  private int scaleAt(int i) {
    return i / plane / channels * 2 * channels + i / plane % channels;
  }

  private double modulated(double z, int i) {
    return scaleShift == null
        ? z
        : z * (scaleShift.get(scaleAt(i)) + 1) + scaleShift.get(scaleAt(i) + channels);
  }

  ReferenceTensor output(ReferenceTensor s) {
    ReferenceTensor y = new ReferenceTensor(x.engine, x.shape());
    for (int i = 0; i < x.count(); i++) {
      double u = modulated(affine(normalised(s, i), i), i);
      y.set(i, norm.silu() ? u * ReferenceEngine.sigmoid(u) : u);
    }
    return y;
  }

  Tensor[] backward(
      ReferenceTensor gy, ReferenceTensor s, ReferenceTensor gGamma, ReferenceTensor gBeta) {
    ReferenceTensor gScaleShift =
        scaleShift == null ? null : new ReferenceTensor(x.engine, scaleShift.shape());
    double[] gNormalised = new double[x.count()];
    for (int i = 0; i < x.count(); i++) {
      double hat = normalised(s, i);
      double z = affine(hat, i);
      double g = gy.get(i);
      if (norm.silu()) {
        g *= ReferenceEngine.siluSlope(modulated(z, i));
      }
      if (scaleShift != null) {
        gScaleShift.add(scaleAt(i), g * z);
        gScaleShift.add(scaleAt(i) + channels, g);
        g *= scaleShift.get(scaleAt(i)) + 1;
      }
      int c = i / plane % channels;
      if (gGamma != null) {
        gGamma.add(c, g * hat);
      }
      if (gBeta != null) {
        gBeta.add(c, g);
      }
      gNormalised[i] = g * gamma.get(c);
    }
    ReferenceTensor gx = new ReferenceTensor(x.engine, x.shape());
    for (int first = 0; first < x.count(); first += members) {
      double mean = 0;
      double along = 0;
      for (int i = first; i < first + members; i++) {
        mean += gNormalised[i] / members;
        along += gNormalised[i] * normalised(s, i) / members;
      }
      for (int i = first; i < first + members; i++) {
        gx.set(
            i, s.get(2 * (i / members) + 1) * (gNormalised[i] - mean - normalised(s, i) * along));
      }
    }
    return new Tensor[] {gx, gScaleShift};
  }
}

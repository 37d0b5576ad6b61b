package dev.ect.model.dataset;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;

/**
 * The transforms of one image, as EDM's augmentation draws them (Karras et al. 2022, arXiv
 * 2206.00364, appendix F.2). A transform that is not applied has value 0.
 *
 * @param xflip whether the image is mirrored left to right
 * @param yflip whether the image is mirrored top to bottom
 * @param scale w of the isotropic scaling by 2^(0.2 w)
 * @param rotation angle in radians
 * @param aniso w of the scaling by 2^(0.2 w) along a direction and by its inverse across
 * @param anisoRotation that direction, in radians
 * @param translateX w of the translation by 0.125 w of the width
 * @param translateY w of the translation by 0.125 w of the height
 */
public record AugmentationDraw(
    boolean xflip,
    boolean yflip,
    double scale,
    double rotation,
    double aniso,
    double anisoRotation,
    double translateX,
    double translateY) {
  /** Number of augmentation labels that a network sees. */
  public static final int LABELS = 9;

  /** Nothing is done to the image. */
  public static final AugmentationDraw IDENTITY =
      new AugmentationDraw(false, false, 0, 0, 0, 0, 0, 0);

  public AugmentationDraw {
    if (!Double.isFinite(
        Math.abs(scale)
            + Math.abs(rotation)
            + Math.abs(aniso)
            + Math.abs(anisoRotation)
            + Math.abs(translateX)
            + Math.abs(translateY))) {
      throw new IllegalArgumentException(
          "augmentation by a value that is not finite: scale "
              + scale
              + ", rotation "
              + rotation
              + ", aniso "
              + aniso
              + " at "
              + anisoRotation
              + ", translation "
              + translateX
              + ", "
              + translateY);
    }
  }

  /**
   * Draws the transforms of one image. Each is accepted with probability {@code p} on its own, but
   * the x-flip always (where {@code p > 0}); an accepted flip flips with chance 1/2. The angles are
   * uniform in [-pi, pi), the direction of the anisotropic scaling is turned with chance 1/2, and
   * the remaining values are standard normal.
   *
   * @param step optimiser step
   * @param position position in the global batch
   * @param p probability in [0, 1]; at 0 the draw is the identity
   */
  public static AugmentationDraw of(long seed, long step, long position, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException(
          "augmentation probability " + p + "; expected 0 (off) to 1");
    }
    if (p == 0) {
      return IDENTITY;
    }
    // Every number is drawn whether it is used or not, so that the transforms accepted at one
    // probability are the same ones, with the same values, at a higher probability.
    Philox random = new Philox(seed, Purpose.AUGMENTATION, step, position);
    boolean xflip = random.nextDouble() < 0.5;
    boolean yflipAccepted = accepted(random, p);
    boolean yflip = random.nextDouble() < 0.5 && yflipAccepted;
    double scale = accepted(random, p) ? 1 : 0;
    double rotation = accepted(random, p) ? 1 : 0;
    double aniso = accepted(random, p) ? 1 : 0;
    double turned = random.nextDouble() < 0.5 ? aniso : 0;
    double translate = accepted(random, p) ? 1 : 0;
    double angle = angle(random);
    double direction = angle(random);
    return new AugmentationDraw(
        xflip,
        yflip,
        scale * random.nextGaussian() + 0.0,
        rotation * angle + 0.0,
        aniso * random.nextGaussian() + 0.0,
        turned * direction + 0.0,
        translate * random.nextGaussian() + 0.0,
        translate * random.nextGaussian() + 0.0);
  }

  /** Whether the image stays as it is. */
  public boolean isIdentity() {
    return !xflip && !yflip && !isGeometric();
  }

  /** Whether the image is resampled, not only mirrored. */
  boolean isGeometric() {
    return scale != 0 || rotation != 0 || aniso != 0 || translateX != 0 || translateY != 0;
  }

  /**
   * What the network is told: x-flip, y-flip, scale, cos(rotation) - 1, sin(rotation), aniso *
   * cos(anisoRotation), aniso * sin(anisoRotation), translateX, translateY; all 0 for the identity.
   */
  public float[] labels() {
    return new float[] {
      xflip ? 1 : 0,
      yflip ? 1 : 0,
      (float) scale,
      (float) (Math.cos(rotation) - 1),
      (float) Math.sin(rotation),
      (float) (aniso * Math.cos(anisoRotation)),
      (float) (aniso * Math.sin(anisoRotation)),
      (float) translateX,
      (float) translateY
    };
  }

  private static boolean accepted(Philox random, double p) {
    return random.nextDouble() < p;
  }

  private static double angle(Philox random) {
    return Math.PI * (2 * random.nextDouble() - 1);
  }
}

package dev.ect.model.metrics;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A metric by its name in the StyleGAN family, which says what it is: {@code fid50k_full}, {@code
 * kid50k_full}, {@code is50k}, {@code pr50k3_full}, {@code fd_dinov2} (50,000 images; another
 * number as in {@code fd_dinov2_5k}), each also after {@code two_step_}. Numbers of images are
 * thousands and may have decimals: {@code fid0.5k_full}.
 *
 * @param name as given
 * @param family what it computes
 * @param twoStep whether images are generated in two network evaluations, else in one
 * @param count generated images
 */
public record Metric(String name, MetricFamily family, boolean twoStep, int count)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Real images that KID takes at most, the first ones. */
  public static final int KID_MAX_REAL = 1_000_000;

  /** Real images that precision and recall take at most, the first ones. */
  public static final int PR_MAX_REAL = 200_000;

  /** Neighbour whose distance is the radius of precision and recall. */
  public static final int PR_NEIGHBOUR = 3;

  /** Parts of the images that the Inception score is averaged over. */
  public static final int IS_SPLITS = 10;

  private static final String TWO_STEP = "two_step_";
  private static final Pattern NAME =
      Pattern.compile(
          "("
              + TWO_STEP
              + ")?(?:(fid|kid)NUMBERk_full|(is)NUMBERk|(pr)NUMBERk3_full|(fd_dinov2)(?:_NUMBERk)?)"
                  .replace("NUMBER", "(\\d{1,7}(?:\\.\\d{1,3})?)"));
  private static final String USUAL = "50";
  private static final BigDecimal MAX_COUNT = BigDecimal.valueOf(100_000_000);

  /**
   * Understands a name.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Metric of(String name) {
    Matcher m = NAME.matcher(name);
    if (!m.matches()) {
      throw unknown(name);
    }
    boolean twoStep = m.group(1) != null;
    if (m.group(2) != null) {
      MetricFamily family = m.group(2).equals("fid") ? MetricFamily.FID : MetricFamily.KID;
      return new Metric(name, family, twoStep, count(name, family, m.group(3)));
    }
    if (m.group(4) != null) {
      MetricFamily family = MetricFamily.INCEPTION_SCORE;
      return new Metric(name, family, twoStep, count(name, family, m.group(5)));
    }
    if (m.group(6) != null) {
      MetricFamily family = MetricFamily.PRECISION_RECALL;
      return new Metric(name, family, twoStep, count(name, family, m.group(7)));
    }
    String thousands = m.group(9) == null ? USUAL : m.group(9);
    MetricFamily family = MetricFamily.FD_DINOV2;
    return new Metric(name, family, twoStep, count(name, family, thousands));
  }

  private static int count(String name, MetricFamily family, String thousands) {
    BigDecimal count = new BigDecimal(thousands).movePointRight(3);
    if (count.intValue() < family.fewest() || count.compareTo(MAX_COUNT) > 0) {
      throw new IllegalArgumentException(
          "metric is '"
              + name
              + "'; expected a number of images from "
              + family.fewest()
              + " to "
              + MAX_COUNT
              + ", in thousands");
    }
    return count.intValueExact();
  }

  private static IllegalArgumentException unknown(String name) {
    return new IllegalArgumentException(
        "metric is '"
            + name
            + "'; expected fid50k_full, kid50k_full, is50k, pr50k3_full or fd_dinov2, with any number"
            + " of images, or one of these after two_step_");
  }

  @Override
  public String toString() {
    return name;
  }
}

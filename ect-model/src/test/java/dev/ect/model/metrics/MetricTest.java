package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricTest {
  @ParameterizedTest
  @CsvSource({
    "fid50k_full, FID, false, 50000",
    "two_step_fid50k_full, FID, true, 50000",
    "kid5k_full, KID, false, 5000",
    "is50k, INCEPTION_SCORE, false, 50000",
    "pr50k3_full, PRECISION_RECALL, false, 50000",
    "two_step_pr0.2k3_full, PRECISION_RECALL, true, 200",
    "fd_dinov2, FD_DINOV2, false, 50000",
    "two_step_fd_dinov2_5k, FD_DINOV2, true, 5000",
    "fid0.002k_full, FID, false, 2",
    "fid12.345k_full, FID, false, 12345"
  })
  void namesSayWhatIsMeasured(String name, MetricFamily family, boolean twoStep, int count) {
    assertEquals(new Metric(name, family, twoStep, count), Metric.of(name));
    assertEquals(name, Metric.of(name).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fid",
        "fid50k",
        "FID50k_full",
        "fid50_full",
        "two_step_",
        "is50k_full",
        "fd_dinov2_",
        "pr50k_full",
        "fid1.2345k_full"
      })
  void otherNamesAreRefusedWithThoseThatThereAre(String name) {
    String said = assertThrows(IllegalArgumentException.class, () -> Metric.of(name)).getMessage();
    assertTrue(said.startsWith("metric is '" + name + "'; expected fid50k_full, "), said);
  }

  @ParameterizedTest
  @CsvSource({
    "fid0.001k_full, 2",
    "fid0k_full, 2",
    "fid9999999k_full, 2",
    "is0.009k, 10",
    "pr0.003k3_full, 4"
  })
  void numbersOfImagesHaveBounds(String name, int fewest) {
    assertEquals(
        "metric is '"
            + name
            + "'; expected a number of images from "
            + fewest
            + " to 100000000, in thousands",
        assertThrows(IllegalArgumentException.class, () -> Metric.of(name)).getMessage());
  }

  @Test
  void familiesSayWhatTheyNeed() {
    assertEquals(DetectorKind.VGG16, MetricFamily.PRECISION_RECALL.detector());
    assertTrue(MetricFamily.FD_DINOV2.isFrechet() && MetricFamily.FID.isFrechet());
    assertTrue(!MetricFamily.INCEPTION_SCORE.needsReal() && MetricFamily.KID.needsReal());
  }
}

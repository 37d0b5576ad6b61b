package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TimingsTest {
  @Test
  void theMedianIsInTheMiddleOrBetweenTheTwoThatAre() {
    double[] odd = {9, 1, 2};
    assertEquals(2, Timings.median(odd));
    assertArrayEquals(new double[] {9, 1, 2}, odd, "the values stay in their order");
    assertEquals(3, Timings.median(100, 2, 4, 1));
    assertEquals(7, Timings.median(7));
  }
}

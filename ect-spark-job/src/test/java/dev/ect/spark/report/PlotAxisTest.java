package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlotAxisTest {
  @ParameterizedTest
  @CsvSource({
    "0, 10, false, 0 2 4 6 8 10",
    "0, 6, false, 0 1 2 3 4 5 6",
    "0.001, 9.9, false, 2 4 6 8",
    "-1, 1, false, -1.0 -0.5 0.0 0.5 1.0",
    "2.13, 2.21, false, 2.14 2.16 2.18 2.20",
    "0, 3000000, false, 0 500000 1000000 1500000 2000000 2500000 3000000",
    "0, 3e8, false, 0 5e7 1e8 1.5e8 2e8 2.5e8 3e8",
    "0, 3e-6, false, 0 5e-7 1e-6 1.5e-6 2e-6 2.5e-6 3e-6",
    "1234567, 1234568, false, 1234567.0 1234567.2 1234567.4 1234567.6 1234567.8 1234568.0",
    "0.2, 0.8, true, 0.2 0.3 0.4 0.5 0.6 0.7 0.8",
    "0.09, 11, true, 0.1 0.2 0.5 1 2 5 10",
    "0.009, 11, true, 0.01 0.03 0.1 0.3 1 3 10",
    "0.3, 8, true, 0.5 1 2 5",
    "0.81, 0.86, true, 0.81 0.82 0.83 0.84 0.85 0.86",
    "0.0001, 100, true, 0.0001 0.001 0.01 0.1 1 10 100",
    "1e-9, 1e9, true, 1e-9 1e-6 0.001 1 1000 1000000 1e9",
  })
  void ticksAreRoundAndFew(double low, double high, boolean logarithmic, String expected) {
    PlotAxis axis = new PlotAxis(low, high, logarithmic, 0, 1);
    List<PlotAxis.Tick> ticks = axis.ticks(7);
    assertEquals(expected, String.join(" ", ticks.stream().map(PlotAxis.Tick::label).toList()));
    for (PlotAxis.Tick tick : ticks) {
      assertEquals(Double.parseDouble(tick.label()), tick.value());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-1e200, 1e200, false",
    "0, 5e-324, false",
    "1, 1.0000000000000002, false",
    "1e200, 1e200, false",
    "-3, -3, false",
    "1e-200, 1e200, true",
    "1e-200, 1e-200, true",
    "1e200, 1e200, true",
  })
  void extremesHaveAnAxis(double least, double most, boolean logarithmic) {
    PlotAxis axis = PlotAxis.around(least, most, logarithmic, 0.1, 500, 100);
    for (double value : new double[] {least, most}) {
      double at = axis.position(value);
      assertTrue(at >= 139.9 && at <= 460.1, value + " is at " + at);
    }
    List<PlotAxis.Tick> ticks = axis.ticks(7);
    assertTrue(!ticks.isEmpty() && ticks.size() <= 7, ticks.toString());
    for (PlotAxis.Tick tick : ticks) {
      double at = axis.position(tick.value());
      assertTrue(at >= 100 && at <= 500, tick + " is at " + at);
    }
  }

  @Test
  void valuesHaveSixDigits() {
    assertEquals("0.821", PlotAxis.text(0.821));
    assertEquals("2.14572", PlotAxis.text(2.145715));
    assertEquals("-0.333333", PlotAxis.text(-1.0 / 3));
    assertEquals("50000", PlotAxis.text(50_000));
    assertEquals("0", PlotAxis.text(0));
    assertEquals("1.5e-9", PlotAxis.text(1.5e-9));
    assertEquals("-2.5e20", PlotAxis.text(-2.5e20));
  }
}

package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.config.ExchangeConfig.Encoding;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanComparisonTest {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final PlanComparison comparison =
      new PlanComparison(new PrintStream(said, true, StandardCharsets.UTF_8));

  private String print(double share) {
    said.reset();
    comparison.print(share);
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void mediansOfTheTurnsAreCompared() {
    double[][] turns = {{9, 0.04}, {0.03, 0.05}, {0.044, 7}};
    for (double[] turn : turns) {
      comparison.add(1, Encoding.DENSE, 1, 1);
      comparison.add(2, Encoding.DENSE, turn[0], turn[1]);
    }
    List<PlanComparison.Row> rows = comparison.rows();
    assertEquals(2, rows.size());
    assertEquals(0, rows.get(0).differencePercent(), 1e-9);
    assertEquals(0.044, rows.get(1).predictedSeconds(), 1e-12);
    assertEquals(0.05, rows.get(1).measuredSeconds(), 1e-12);
    assertEquals(-12, rows.get(1).differencePercent(), 1e-9);
    assertEquals(3, rows.get(1).turns().size());
    assertTrue(print(1).endsWith("all are within 20 %: the largest difference is 12.0 %\n"));
  }

  @Test
  void aLargeDifferenceAndABusyMachineAreSaid() {
    comparison.add(4, Encoding.THRESHOLD, 0.06, 0.1);
    String busy = print(0.5);
    assertTrue(busy.contains("not all are within 20 %: the largest difference is 40.0 %"), busy);
    assertTrue(busy.contains("a thread had 0.50 of its core"), busy);
  }
}

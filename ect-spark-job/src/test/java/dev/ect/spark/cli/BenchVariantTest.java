package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BenchVariantTest {
  private static String chosen(String engine, String precision) {
    return BenchVariant.chosen(Optional.ofNullable(engine), Optional.ofNullable(precision))
        .toString();
  }

  @Test
  void enginesOfANumberFormatStandTogether() {
    assertEquals(
        "[[nd4j float32, torch float32], [torch tf32], [torch bfloat16]]", chosen(null, null));
    assertEquals("[[nd4j float32, torch float32]]", chosen(null, "float32"));
    assertEquals("[[nd4j float32]]", chosen("nd4j", null));
    assertEquals("[[torch tf32]]", chosen("torch", "tf32"));
  }

  @Test
  void whatNoEngineOffersIsLeftToTheEngineToRefuse() {
    assertEquals("[[nd4j bfloat16]]", chosen("nd4j", "bfloat16"));
  }

  @Test
  void numberFormatsAreMeasuredWhereTheyAreOfUse() {
    for (String precision : List.of("float32", "tf32", "bfloat16")) {
      assertTrue(BenchVariant.pays(precision, true, false), precision);
    }
    assertTrue(BenchVariant.pays("float32", false, false));
    assertFalse(BenchVariant.pays("tf32", false, true));
    assertTrue(BenchVariant.pays("bfloat16", false, true));
    assertFalse(BenchVariant.pays("bfloat16", false, false));
  }
}

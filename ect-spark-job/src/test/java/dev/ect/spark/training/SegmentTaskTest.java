package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmentTaskTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "d.zip: no such file (on executor 1, host) | d.zip: no such file",
        "it is not there (on executor 0, host); expected it | it is not there; expected it",
        "d.zip (old): no such file | d.zip (old): no such file"
      })
  void theSameReasonOfSeveralExecutorsIsOne(String said, String reason) {
    assertEquals(reason, SegmentTask.withoutPlace(said));
  }
}

package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicaTest {
  @Test
  void weightsThatDifferEndTheRunAndNameTheReplica() {
    byte[] common = {1, 2};
    assertDoesNotThrow(() -> Replica.requireEqual(List.of(common, common.clone()), 7));
    String said =
        assertThrows(
                TrainingException.class,
                () -> Replica.requireEqual(List.of(common, common, new byte[] {1, 3}), 7))
            .getMessage();
    assertTrue(said.startsWith("after step 7 the weights of replica 2 are not those"), said);
  }
}

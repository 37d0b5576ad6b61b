package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.spark.config.SparkConfig;
import dev.ect.spark.config.UserError;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SparkContextsTest {
  private static final String DYNAMIC = "spark.dynamicAllocation.enabled";
  private static final String MASTER = "spark.master";

  private static SparkConf settings(String master) {
    return SparkContexts.settings(new SparkConfig(master, 1, false, 1));
  }

  @AfterEach
  void clear() {
    System.clearProperty(MASTER);
    System.clearProperty(DYNAMIC);
  }

  @Test
  void refusesAChangingNumberOfExecutors() {
    System.setProperty(DYNAMIC, "true");
    assertEquals(
        DYNAMIC + " is true; expected false: barrier stages need a fixed number of executors",
        assertThrows(UserError.class, () -> settings("local[2]")).getMessage());
  }

  @Test
  void theConfiguredMasterDecides() {
    assertEquals("local[3]", settings("local[3]").get(MASTER));
    assertEquals("local[*]", settings("auto").get(MASTER));
  }

  @Test
  void aContradictionIsRefused() {
    System.setProperty(MASTER, "local[2]");
    assertEquals("local[2]", settings("auto").get(MASTER));
    assertEquals("local[2]", settings("local[2]").get(MASTER));
    String said = assertThrows(UserError.class, () -> settings("local[3]")).getMessage();
    assertEquals(1, said.lines().count());
  }

  @Test
  void onAClusterTheExecutorsCoresDecide() {
    assertEquals(0, SparkContexts.threads(settings("spark://host:7077")));
  }
}

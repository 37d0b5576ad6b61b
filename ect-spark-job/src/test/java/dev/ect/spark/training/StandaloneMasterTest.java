package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.config.UserError;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StandaloneMasterTest {
  private static final String CORES = "spark.executor.cores";
  private static final String MAX = "spark.cores.max";

  private static StandaloneMaster master(String address) {
    return StandaloneMaster.of(address).orElseThrow();
  }

  private static SparkConf configured(int executors, String... settings) {
    SparkConf conf = new SparkConf(false);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set(settings[i], settings[i + 1]);
    }
    master("spark://h:7077").configure(conf, executors);
    return conf;
  }

  private static String refused(int executors, String... settings) {
    return assertThrows(UserError.class, () -> configured(executors, settings)).getMessage();
  }

  @Test
  void otherMastersAreNotIt() {
    assertTrue(StandaloneMaster.of("local[2]").isEmpty());
    assertTrue(StandaloneMaster.of("yarn").isEmpty());
    assertEquals(2, master("spark://a:7077,[::1]:7078").hosts().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark://h", "spark://h:", "spark://h:0", "spark://h:65536", "spark://"})
  void anAddressHasAPort(String address) {
    assertEquals(
        "spark.master is " + address + "; expected spark://host:port, port 7077 by default",
        assertThrows(UserError.class, () -> StandaloneMaster.of(address)).getMessage());
  }

  @Test
  void asksForAsManyCoresAsTheRunWants() {
    assertEquals("12", configured(3, CORES, "4").get(MAX));
    assertEquals("16", configured(3, CORES, "4", MAX, "16").get(MAX));
    assertEquals(
        "spark.cores.max is 8 (--total-executor-cores); expected at least 12: spark.executors = 3"
            + " with spark.executor.cores = 4 each",
        refused(3, CORES, "4", MAX, "8"));
  }

  @Test
  void severalExecutorsNeedASize() {
    String line = refused(2);
    assertTrue(line.startsWith("spark.executor.cores is not set: "), line);
    assertFalse(configured(1).contains(MAX));
    // a GPU for each task keeps them apart, too
    assertFalse(configured(2, "spark.task.resource.gpu.amount", "1").contains(MAX));
  }

  @Test
  void oneMasterOfSeveralIsEnough() throws Exception {
    try (ServerSocket there = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      master("spark://127.0.0.1:1,127.0.0.1:" + there.getLocalPort()).requireReachable();
    }
    assertEquals(
        "spark://127.0.0.1:1: cannot be reached (Connection refused); expected a standalone master"
            + " that runs there: its web page and its log show its address",
        assertThrows(UserError.class, () -> master("spark://127.0.0.1:1").requireReachable())
            .getMessage());
  }
}

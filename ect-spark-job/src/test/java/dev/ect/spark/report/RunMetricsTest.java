package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunMetricsTest {
  private static final String SINK = "spark.metrics.conf.*.sink.csv.";

  @TempDir Path folder;

  private SparkContext spark() {
    return new SparkContext(
        new SparkConf()
            .setMaster("local[1]")
            .setAppName("metrics")
            .set("spark.ui.enabled", "false")
            .set(SINK + "class", "org.apache.spark.metrics.sink.CsvSink")
            .set(SINK + "directory", folder.toString())
            .set(SINK + "period", "1")
            .set(SINK + "unit", "hours"));
  }

  /** The gauges' last values have reached the sink. */
  private static void report() {
    SparkEnv.get().metricsSystem().report();
  }

  private String last(String gauge) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      Path file =
          files
              .filter(f -> f.getFileName().toString().endsWith(".driver.ect." + gauge + ".csv"))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no file of " + gauge));
      List<String> lines = Files.readAllLines(file);
      String line = lines.get(lines.size() - 1);
      return line.substring(line.indexOf(',') + 1);
    }
  }

  @Test
  void theValuesReachSparksSinks() throws Exception {
    SparkContext spark = spark();
    try (RunMetrics one = RunMetrics.open("a.b/c", 1)) {
      one.step(7, 56, 0.25, 12.5);
      one.traffic(100, 200, 3);
      one.tick(new Phases(1, 2, 3, 4, 5, 6));
      report();
      String prefix = "a_b_c.rank-00001.";
      assertEquals("7", last(prefix + "step"));
      assertEquals("56", last(prefix + "images"));
      assertEquals("0.25", last(prefix + "loss"));
      assertEquals("12.5", last(prefix + "imagesPerSecond"));
      assertEquals("1.0", last(prefix + "readSeconds"));
      assertEquals("2.0", last(prefix + "computeSeconds"));
      assertEquals("3.0", last(prefix + "exchangeSeconds"));
      assertEquals("4.0", last(prefix + "waitSeconds"));
      assertEquals("5.0", last(prefix + "updateSeconds"));
      assertEquals("6.0", last(prefix + "checkpointSeconds"));
      assertEquals("100", last(prefix + "bytesSent"));
      assertEquals("200", last(prefix + "bytesReceived"));
      assertEquals("3", last(prefix + "framesDropped"));
      assertTrue(Long.parseLong(last(prefix + "residentBytes")) >= 0);
    } finally {
      spark.stop();
    }
  }

  @Test
  void replicasInOneJvmHaveGaugesOfTheirOwn() throws Exception {
    SparkContext spark = spark();
    try (RunMetrics ten = RunMetrics.open("r", 10)) {
      RunMetrics one = RunMetrics.open("r", 1);
      one.step(1, 1, 1, 1);
      ten.step(10, 1, 1, 1);
      report();
      assertEquals("1", last("r.rank-00001.step"));
      assertEquals("10", last("r.rank-00010.step"));
      one.close();
      one.step(2, 1, 1, 1);
      ten.step(20, 1, 1, 1);
      report();
      assertEquals("1", last("r.rank-00001.step"));
      assertEquals("20", last("r.rank-00010.step"));
    } finally {
      spark.stop();
    }
  }

  @Test
  void outsideOfSparkNothingHappens() {
    try (RunMetrics metrics = RunMetrics.open("r", 0)) {
      metrics.step(1, 1, 1, 1);
      assertEquals(1L, metrics.metricRegistry().getGauges().get("step").getValue());
    }
  }

  @Test
  void theWholeRunIsSeenAtTheDriverUntilItEnds() throws Exception {
    SparkContext spark = spark();
    try (RunMetrics replica = RunMetrics.open("run", 0);
        JobMetrics job = JobMetrics.open("run", 8)) {
      replica.step(5, 40, 0.5, 1);
      job.progress(5, 0.25, 12.5);
      job.executors(2);
      report();
      assertEquals("5", last("run.all.step"));
      assertEquals("40", last("run.all.images"));
      assertEquals("0.25", last("run.all.loss"));
      assertEquals("2", last("run.all.executors"));
      job.close();
      replica.step(6, 48, 0.5, 1);
      job.progress(6, 0.25, 12.5);
      report();
      assertEquals("5", last("run.all.step"));
      assertEquals("6", last("run.rank-00000.step"));
    } finally {
      spark.stop();
    }
  }
}

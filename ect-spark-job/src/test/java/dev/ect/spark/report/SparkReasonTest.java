package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Layout;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationFactory;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;

class SparkReasonTest {
  /** As Airflow's hook searches every line for the driver's exit code. */
  private static final Pattern SCRAPED = Pattern.compile("\\s*[eE]xit code: (\\d+)");

  private static final String YARN =
      "Container from a bad node: container_1 on host: a. Exit status: 137. Exit code: 137";
  private static final String KUBERNETES =
      "Lost executor 1: The executor with id 1 exited with exit code 137(SIGKILL).\n"
          + "container state: terminated\n exit code: 137";

  @Test
  void theExitCodeOfAnExecutorIsNotTakenForTheDrivers() {
    assertEquals(
        "Container from a bad node: container_1 on host: a. Exit status: 137. Exit code 137",
        SparkReason.of(YARN));
    assertEquals(
        "Lost executor 1: The executor with id 1 exited with exit code 137(SIGKILL).",
        SparkReason.of(KUBERNETES));
    assertEquals("", SparkReason.of(null));
    assertEquals("", SparkReason.of(" \n"));
  }

  @Test
  void neitherIsItInWhatSparkLogs() {
    LoggerContext context = new LoggerContext("pattern");
    Configuration configuration =
        ConfigurationFactory.getInstance()
            .getConfiguration(context, "pattern", Path.of("conf/log4j2.properties").toUri());
    configuration.initialize();
    Layout<?> layout = configuration.getAppender("console").getLayout();
    for (String text : new String[] {YARN, KUBERNETES}) {
      String line =
          (String)
              layout.toSerializable(
                  Log4jLogEvent.newBuilder()
                      .setLevel(Level.ERROR)
                      .setLoggerName("org.apache.spark.scheduler.TaskSchedulerImpl")
                      .setMessage(new SimpleMessage(text))
                      .build());
      assertFalse(SCRAPED.matcher(line).find(), line);
      assertEquals(
          text.replaceAll("(xit code):", "$1") + System.lineSeparator(),
          line.substring(line.indexOf("Impl: ") + "Impl: ".length()));
    }
  }
}

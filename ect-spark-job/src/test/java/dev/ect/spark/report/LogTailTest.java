package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LogTailTest {
  private static final Logger OURS = LoggerFactory.getLogger("dev.ect.spark.Something");
  private static final Logger OTHERS = LoggerFactory.getLogger("org.example.Other");

  private static LoggerContext context() {
    return (LoggerContext) LogManager.getContext(false);
  }

  private static long tails() {
    return context().getConfiguration().getRootLogger().getAppenders().keySet().stream()
        .filter(name -> name.startsWith("ect-tail-"))
        .count();
  }

  @BeforeEach
  void quiet() {
    context().getConfiguration().getRootLogger().removeAppender("console");
    context().updateLoggers();
  }

  @AfterEach
  void configured() {
    context().reconfigure();
  }

  @Test
  void ourLinesAndEverybodysWarningsAreKept() {
    Configurator.setAllLevels("", org.apache.logging.log4j.Level.INFO);
    try (LogTail tail = LogTail.open()) {
      OURS.info("step {}", 3);
      OURS.debug("not logged at all");
      OTHERS.info("chatter");
      LoggerFactory.getLogger("org.nd4j.parameterserver.v2.Node").info("joined");
      OTHERS.warn("trouble\n  on two lines");
      OTHERS.error("failed", new IOException("disk"));
      OTHERS.warn("s3a://key:hush@bucket/x is slow");
      assertEquals(
          List.of(
              "INFO  Something: step 3",
              "INFO  Node: joined",
              "WARN  Other: trouble | on two lines",
              "ERROR Other: failed: java.io.IOException: disk",
              "WARN  Other: s3a://bucket/x is slow"),
          tail.drain());
      assertEquals(List.of(), tail.drain());
    }
  }

  @Test
  void linesAreBoundedInNumberAndLength() {
    try (LogTail tail = LogTail.open()) {
      IntStream.range(0, 203).forEach(i -> OTHERS.warn("line {} {}", i, "x".repeat(600)));
      List<String> lines = tail.drain();
      assertEquals(201, lines.size());
      assertEquals("(3 lines before these were not kept)", lines.get(0));
      assertTrue(lines.get(1).startsWith("WARN  Other: line 3 xxx"), lines.get(1));
      assertEquals(500, lines.get(200).length());
      assertTrue(lines.get(200).endsWith("x..."), lines.get(200));
    }
  }

  @Test
  void aNewConfigurationOfLog4jDoesNotEndIt() {
    try (LogTail tail = LogTail.open()) {
      context().reconfigure();
      OTHERS.warn("after");
      assertEquals(List.of("WARN  Other: after"), tail.drain());
    }
  }

  @Test
  void closingTakesItOffTheLoggers() {
    LogTail one = LogTail.open();
    LogTail two = LogTail.open();
    assertEquals(2, tails());
    one.close();
    OTHERS.warn("later");
    assertEquals(List.of(), one.drain());
    assertEquals(List.of("WARN  Other: later"), two.drain());
    two.close();
    context().reconfigure();
    assertEquals(0, tails());
  }

  /** Has the classes of this package but none of log4j's core. */
  private static final class WithoutLog4jCore extends ClassLoader {
    WithoutLog4jCore() {
      super(LogTailTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("org.apache.logging.log4j.core.")) {
        throw new ClassNotFoundException(name);
      }
      if (!name.startsWith("dev.ect.spark.report.")) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  @Test
  void withoutLog4jThereIsNoTailAndNoFailure() throws Exception {
    Class<?> isolated = new WithoutLog4jCore().loadClass(LogTail.class.getName());
    Object tail = isolated.getMethod("open").invoke(null);
    OTHERS.warn("unheard");
    assertEquals(List.of(), isolated.getMethod("drain").invoke(tail));
    isolated.getMethod("close").invoke(tail);
  }
}

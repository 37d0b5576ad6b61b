package dev.ect.spark.report;

import java.util.regex.Pattern;

/**
 * Why Spark says that something was lost, for the run's own lines. Schedulers that start the driver
 * read what it prints: Airflow takes {@code exit code: 137} for the driver's own, although it may
 * be that of an executor without which the run went on. So the words stay and the colon goes.
 */
public final class SparkReason {
  private static final Pattern EXIT_CODE = Pattern.compile("([eE]xit code):(?=\\s*\\d)");

  private SparkReason() {}

  /** The first line of Spark's text, which says most; empty where there is none. */
  public static String of(String text) {
    String first = text == null ? "" : text.lines().findFirst().orElse("").strip();
    return EXIT_CODE.matcher(first).replaceAll("$1");
  }

  /** What was thrown first, at the end of the causes. */
  public static Throwable root(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}

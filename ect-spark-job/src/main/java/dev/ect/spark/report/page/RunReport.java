package dev.ect.spark.report.page;

import dev.ect.model.io.Store;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/**
 * A run's report, {@code report.html} in its directory: one page that needs nothing but a browser.
 * It is made of the files in the directory alone, so that it can be made again at any time.
 */
public final class RunReport {
  /** The file's name. */
  public static final String NAME = "report.html";

  private RunReport() {}

  /**
   * Replaces a run's report.
   *
   * @return a line for everything that could not be read, for people
   * @throws dev.ect.spark.config.UserError if it is no run directory
   */
  public static List<String> write(Store store, RunDirectory directory) throws IOException {
    return write(store, directory, directory.file(NAME));
  }

  /**
   * Writes a run's report to any file.
   *
   * @return a line for everything that could not be read, for people
   * @throws dev.ect.spark.config.UserError if it is no run directory
   */
  public static List<String> write(Store store, RunDirectory directory, String path)
      throws IOException {
    RunData run = RunReader.read(store, directory);
    byte[] page =
        ReportPage.html(run, Instant.now()).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    store.write(path, out -> out.write(page));
    return run.notes();
  }
}

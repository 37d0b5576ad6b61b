package dev.ect.spark.cli;

import dev.ect.model.io.Store;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.page.RunReport;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a run's report. */
@Command(
    name = "report",
    description = {
      "Writes the report of a run, whether it goes on or has ended: one page with sample grids"
          + " through time, curves, metrics beside the published ones, configuration and provenance.",
      "Runs write it themselves, too: report.html in their directory."
    })
final class ReportCommand implements Callable<Integer> {
  private final PrintStream out;

  @Parameters(
      paramLabel = "RUN_DIRECTORY",
      description = "Run directory, on any Hadoop file system.")
  private String run;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The page; report.html in the run directory unless given.")
  private String file;

  ReportCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Store store = Stores.open();
    RunDirectory directory = new RunDirectory(run);
    String path = file == null ? directory.file(RunReport.NAME) : file;
    RunReport.write(store, directory, path).forEach(note -> out.println("warning: " + note));
    out.println("report " + path);
    return 0;
  }
}

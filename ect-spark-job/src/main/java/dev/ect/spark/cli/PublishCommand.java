package dev.ect.spark.cli;

import dev.ect.spark.report.Publication;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Hands the results of a run on. */
@Command(
    name = "publish",
    description = {
      "Copies what others need of a run to a new folder, on any file system: the network"
          + " (network-snapshot-latest.safetensors), report.html, metric-*.jsonl, and "
          + Publication.MANIFEST
          + " with the size and SHA-256 of each.",
      "The folder appears whole or not at all. Where it holds the same already, nothing is done."
    })
final class PublishCommand implements Callable<Integer> {
  private final PrintStream out;

  @Parameters(index = "0", paramLabel = "RUN_DIRECTORY", description = "The run's folder.")
  private String run;

  @Parameters(index = "1", paramLabel = "DEST", description = "A folder that is not there yet.")
  private String target;

  PublishCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    boolean written =
        new Publication(Stores.open(), new RunDirectory(run)).write(target, out::println);
    out.println((written ? "published " : "published already: ") + target);
    return 0;
  }
}

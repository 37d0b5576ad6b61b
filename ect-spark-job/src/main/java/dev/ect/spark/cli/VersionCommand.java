package dev.ect.spark.cli;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.Engines;
import dev.ect.spark.report.Versions;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Says what is installed. */
@Command(name = "version", description = "Prints versions, and the engines and devices found.")
final class VersionCommand implements Callable<Integer> {
  private final PrintStream out;

  VersionCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() {
    Versions.all().forEach(this::line);
    line(
        "system",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
            + ", "
            + Runtime.getRuntime().availableProcessors()
            + " cores");
    for (EngineProvider provider : Engines.providers()) {
      try (Engine engine = provider.open(EngineOptions.defaults())) {
        line("engine " + provider.name(), engine.device());
      } catch (EngineUnavailableException e) {
        line("engine " + provider.name(), "not here: " + e.getMessage());
      }
    }
    return 0;
  }

  private void line(String what, String text) {
    out.printf("%-13s %s%n", what, text);
  }
}

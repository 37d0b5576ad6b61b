package dev.ect.spark.cli;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.Engines;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Properties;
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
  public Integer call() throws IOException {
    Properties version = new Properties();
    try (InputStream in = Engine.class.getResourceAsStream("/dev/ect/model/version.properties")) {
      if (in != null) {
        version.load(in);
      }
    }
    line(
        "ect",
        version.getProperty("version", "unknown")
            + ", commit "
            + version.getProperty("commit", "unknown"));
    line("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    line(
        "spark",
        org.apache.spark.package$.MODULE$.SPARK_VERSION()
            + ", Scala "
            + scala.util.Properties.versionNumberString());
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

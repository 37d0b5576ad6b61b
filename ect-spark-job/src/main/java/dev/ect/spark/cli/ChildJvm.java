package dev.ect.spark.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * This program in another JVM with the same options and class path, so that memory and threads of
 * what is measured are its own.
 */
final class ChildJvm extends ChildProcess {
  private ChildJvm(List<String> command) throws IOException {
    super(new ProcessBuilder(command));
  }

  /** Starts a command. */
  static ChildJvm start(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", classPath(), Main.class.getName()));
    command.addAll(arguments);
    return new ChildJvm(command);
  }

  /** This JVM's class path; spark-submit adds the job's jar by a class loader of its own. */
  private static String classPath() throws IOException {
    try {
      Path own = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return own + java.io.File.pathSeparator + System.getProperty("java.class.path");
    } catch (URISyntaxException e) {
      throw new IOException("cannot find the job's jar: " + e.getMessage(), e);
    }
  }
}

package dev.ect.spark.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * This program in another JVM with the same options and class path, so that memory and threads of
 * what is measured are its own. Parent and child talk by lines.
 */
final class ChildJvm implements AutoCloseable {
  private static final String FAILURE = "ect: ";

  /** The child ended before it said what was expected; the message says why. */
  static final class EndedException extends IOException {
    private static final long serialVersionUID = 1L;

    EndedException(String message) {
      super(message);
    }
  }

  private final Process process;
  private final BufferedReader said;
  private final PrintStream told;
  private volatile String overdue;

  private ChildJvm(Process process) {
    this.process = process;
    said = process.inputReader(StandardCharsets.UTF_8);
    told = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  /** Starts a command. */
  static ChildJvm start(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", classPath(), Main.class.getName()));
    command.addAll(arguments);
    return new ChildJvm(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Ends the child if it is still there after a time. */
  void limit(Duration time) {
    CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (process.isAlive()) {
                overdue = "gave up after " + time.toSeconds() + " s";
                process.destroyForcibly();
              }
            });
  }

  /** Tells the child a line. */
  void tell(String line) {
    told.println(line);
  }

  /**
   * Waits for a line.
   *
   * @param prefix how it begins
   * @return what follows the prefix
   * @throws EndedException if the child ends without having said it
   */
  String await(String prefix) throws IOException, InterruptedException {
    String failure = null;
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith(prefix)) {
        return line.substring(prefix.length());
      }
      if (failure == null && line.startsWith(FAILURE)) {
        failure = line;
      }
    }
    int status = process.waitFor();
    throw new EndedException(
        overdue != null ? overdue : failure != null ? failure : "status " + status);
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

  @Override
  public void close() {
    told.close();
    process.destroyForcibly();
  }
}

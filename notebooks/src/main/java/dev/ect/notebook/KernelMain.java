package dev.ect.notebook;

import dev.ect.spark.config.UserError;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import org.dflib.jjava.jupyter.channels.JupyterConnection;
import org.dflib.jjava.jupyter.kernel.KernelConnectionProperties;
import org.slf4j.LoggerFactory;

/** The program that Jupyter starts. */
public final class KernelMain {
  private KernelMain() {}

  /**
   * Serves a notebook until it is closed.
   *
   * @param arguments the connection file that Jupyter has written
   */
  public static void main(String[] arguments) throws IOException, GeneralSecurityException {
    // Logging begins before cells have streams of their own: it belongs to the process.
    LoggerFactory.getLogger(KernelMain.class).debug("kernel starts");
    try {
      SparkContexts.requireJdk(Runtime.version().feature());
      serve(arguments);
    } catch (UserError e) {
      System.err.println("ect: " + e.getMessage());
      System.exit(1);
    }
    // Spark's threads would keep the process; runs that go on stop in order, by their hooks.
    System.exit(0);
  }

  private static void serve(String[] arguments) throws IOException, GeneralSecurityException {
    if (arguments.length != 1 || !Files.isRegularFile(Path.of(arguments[0]))) {
      throw new UserError(
          "expected the connection file of a Jupyter kernel; Jupyter gives it: choose the kernel"
              + " ECT (Java) in a notebook");
    }
    String properties = Files.readString(Path.of(arguments[0]));
    JupyterConnection connection =
        new JupyterConnection(KernelConnectionProperties.parse(properties));
    try (JavaKernel kernel = new JavaKernel()) {
      kernel.becomeHandlerForConnection(connection);
      kernel.onStartup();
      connection.connect();
      connection.waitUntilClose();
    }
  }
}

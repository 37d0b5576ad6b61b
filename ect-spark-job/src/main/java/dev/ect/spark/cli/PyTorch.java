package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.network.Network;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Python that has PyTorch, for benchmarks to compare with: it runs the same step or sampling in
 * eager mode, in a process of its own.
 */
final class PyTorch {
  private static final Map<String, Class<?>> SCRIPTS =
      Map.of(
          "/dev/ect/model/pytorch/edm.py", Network.class,
          "/dev/ect/spark/pytorch/bench.py", PyTorch.class);

  /** What Python has as LD_LIBRARY_PATH, where that has LibTorch's libraries for the engines. */
  private static final String LIBRARIES = "ECT_PYTHON_LD_LIBRARY_PATH";

  private final String python;

  private PyTorch(String python) {
    this.python = python;
  }

  /**
   * The first of some programs that is a Python with PyTorch.
   *
   * @param programs names or paths
   */
  static Optional<PyTorch> find(List<String> programs) throws InterruptedException {
    for (String each : programs) {
      try {
        Process process =
            builder(each, "-c", "import torch")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor() == 0) {
          return Optional.of(new PyTorch(each));
        }
      } catch (IOException e) {
        // no such program
      }
    }
    return Optional.empty();
  }

  /** A running script and its files. */
  static final class Run extends ChildProcess {
    private final Path folder;

    private Run(ProcessBuilder builder, Path folder) throws IOException {
      super(builder);
      this.folder = folder;
    }

    @Override
    public void close() {
      super.close();
      delete(folder);
    }
  }

  /**
   * Starts the script; results follow as those of an engine's process do.
   *
   * @param settings what bench.py reads
   */
  Run start(ObjectNode settings) throws IOException {
    Path folder = Files.createTempDirectory("ect-pytorch");
    try {
      for (var script : SCRIPTS.entrySet()) {
        String name = script.getKey();
        try (InputStream in = script.getValue().getResourceAsStream(name)) {
          Files.copy(in, folder.resolve(name.substring(name.lastIndexOf('/') + 1)));
        }
      }
      ProcessBuilder builder = builder(python, folder.resolve("bench.py").toString());
      builder.environment().put("OMP_NUM_THREADS", settings.get("threads").asText());
      Run run = new Run(builder, folder);
      run.tell(settings.toString());
      return run;
    } catch (IOException | RuntimeException e) {
      delete(folder);
      throw e;
    }
  }

  /** Without what is set for the engines alone. */
  private static ProcessBuilder builder(String... command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.remove("OPENBLAS_NUM_THREADS");
    environment.remove("OMP_WAIT_POLICY");
    String libraries = environment.remove(LIBRARIES);
    if (libraries != null) {
      environment.put("LD_LIBRARY_PATH", libraries);
    }
    environment.put("PYTHONDONTWRITEBYTECODE", "1");
    return builder;
  }

  private static void delete(Path folder) {
    try {
      for (String name : SCRIPTS.keySet()) {
        Files.deleteIfExists(folder.resolve(name.substring(name.lastIndexOf('/') + 1)));
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // a temporary folder that stays does no harm
    }
  }
}

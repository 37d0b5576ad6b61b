package dev.ect.spark.cli;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that say whether and where PyTorch is measured beside the engines. */
final class PyTorchOptions {
  private static final String PYTHON = "python3";

  @Option(
      names = "--python",
      paramLabel = "PROGRAM",
      description =
          "Python with PyTorch, which is measured beside the engines. Default: python3, or"
              + " /usr/bin/python3 where that one has no PyTorch.")
  private String python;

  @Option(names = "--no-pytorch", description = "Leaves PyTorch out.")
  private boolean without;

  /** Whether PyTorch is to be measured where it is. */
  boolean wanted() {
    return !without;
  }

  /** Looks for PyTorch. */
  Optional<PyTorch> find() throws InterruptedException {
    return without ? Optional.empty() : PyTorch.find(candidates());
  }

  /** The programs that are asked, best first. */
  List<String> candidates() {
    return python == null ? List.of(PYTHON, "/usr/bin/" + PYTHON) : List.of(python);
  }
}

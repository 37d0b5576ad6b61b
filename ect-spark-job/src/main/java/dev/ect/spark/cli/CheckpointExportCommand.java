package dev.ect.spark.cli;

import dev.ect.spark.api.CheckpointExports;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a checkpoint for PyTorch. */
@Command(
    name = "export",
    description = {
      "Writes a checkpoint for PyTorch, under the names that EDM's networks have there.",
      "A network snapshot becomes a state dict for net.load_state_dict(...); a training state a dict"
          + " of state dicts: net, ema, optimizer_state."
    })
final class CheckpointExportCommand implements Callable<Integer> {
  private final PrintStream out;

  @Parameters(paramLabel = "FILE", description = "A checkpoint, whatever wrote it.")
  private String source;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description =
          "A .pt or .pth file, which torch.load(..., weights_only=True) reads, or for a network"
              + " snapshot a .safetensors file.")
  private String target;

  CheckpointExportCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    String held = CheckpointExports.write(Stores.open(), source, target, "--out");
    out.println("wrote " + target + ": " + held);
    return 0;
  }
}

package dev.ect.spark.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.checkpoint.CheckpointExport;
import dev.ect.model.checkpoint.CheckpointKind;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.Provenance;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
  private static final String SAFETENSORS = ".safetensors";
  private static final double DEFAULT_LEARNING_RATE = 1e-4;

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
    Store store = Stores.open();
    List<String> problems = new ArrayList<>();
    CheckpointFiles.checkTarget(store, target, List.of(".pt", ".pth", SAFETENSORS), problems);
    CheckpointFiles.checkSource(store, source, problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    try (Checkpoint checkpoint = Checkpoint.open(store, source)) {
      if (!target.endsWith(SAFETENSORS)) {
        CheckpointExport.toPyTorch(checkpoint, learningRate(checkpoint), store, target);
      } else if (checkpoint.kind() == CheckpointKind.NETWORK_SNAPSHOT) {
        CheckpointExport.toSafetensors(checkpoint, store, target);
      } else {
        throw new UserError(
            source + ": holds a training-state; expected --out with a name ending in .pt or .pth");
      }
      out.printf(Locale.ROOT, "wrote %s: %s%n", target, CheckpointFiles.describe(checkpoint));
    }
    return 0;
  }

  /** Of the run that wrote it; where that is not known, ECT's. */
  private static double learningRate(Checkpoint checkpoint) {
    String configuration = Provenance.configurationIn(checkpoint.metadata().get(Provenance.KEY));
    boolean pretraining =
        checkpoint.metadata().getOrDefault(Checkpoint.IDENTITY, "").contains("pretraining");
    String key = pretraining ? "pretraining.lr" : "tuning.lr";
    try {
      Config config = ConfigSources.text(configuration, checkpoint.path());
      return config.hasPath(key) ? config.getDouble(key) : DEFAULT_LEARNING_RATE;
    } catch (ConfigException | UserError e) {
      // Of a foreign file, whose configuration means something else.
      return DEFAULT_LEARNING_RATE;
    }
  }
}

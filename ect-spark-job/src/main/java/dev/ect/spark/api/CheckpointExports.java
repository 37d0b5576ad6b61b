package dev.ect.spark.api;

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
import java.util.ArrayList;
import java.util.List;

/** Writes checkpoints for PyTorch. */
public final class CheckpointExports {
  private static final String SAFETENSORS = ".safetensors";
  private static final double DEFAULT_LEARNING_RATE = 1e-4;

  private CheckpointExports() {}

  /**
   * Writes a checkpoint for PyTorch, under the names that EDM's networks have there.
   *
   * @param source a checkpoint, whatever wrote it
   * @param target ends in {@code .pt} or {@code .pth}, or for a network snapshot in {@code
   *     .safetensors}
   * @param targetName how messages call the target
   * @return what it holds, in words
   * @throws UserError with a line for everything that is wrong
   */
  public static String write(Store store, String source, String target, String targetName)
      throws IOException {
    List<String> problems = new ArrayList<>();
    CheckpointFiles.checkTarget(
        store, target, targetName, List.of(".pt", ".pth", SAFETENSORS), problems);
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
            source
                + ": holds a training-state; expected "
                + targetName
                + " with a name ending in .pt or .pth");
      }
      return CheckpointFiles.describe(checkpoint);
    }
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

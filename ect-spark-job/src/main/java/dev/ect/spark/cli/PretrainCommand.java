package dev.ect.spark.cli;

import dev.ect.spark.config.ObjectiveConfig;
import java.io.PrintStream;
import picocli.CommandLine.Command;

/** Trains with EDM's loss. */
@Command(name = "pretrain", description = "Trains a diffusion model to tune later.")
final class PretrainCommand extends TrainCommand {
  PretrainCommand(PrintStream out) {
    super(out, ObjectiveConfig.Kind.PRETRAINING);
  }
}

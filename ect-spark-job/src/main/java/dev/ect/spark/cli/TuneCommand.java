package dev.ect.spark.cli;

import dev.ect.spark.config.ObjectiveConfig;
import java.io.PrintStream;
import picocli.CommandLine.Command;

/** Tunes with the ECT loss. */
@Command(name = "tune", description = "Tunes a diffusion model into a few-step generator.")
final class TuneCommand extends TrainCommand {
  TuneCommand(PrintStream out) {
    super(out, ObjectiveConfig.Kind.TUNING);
  }
}

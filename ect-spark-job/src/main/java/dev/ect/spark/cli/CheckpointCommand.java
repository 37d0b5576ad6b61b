package dev.ect.spark.cli;

import dev.ect.spark.config.UserError;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Brings checkpoints in and out, looks at them, and averages them. */
@Command(
    name = "checkpoint",
    description = "Brings checkpoints in and out, looks at them, and averages them.",
    subcommands = {
      CheckpointImportCommand.class,
      CheckpointExportCommand.class,
      CheckpointInspectCommand.class,
      CheckpointDiffCommand.class,
      CheckpointEmaCommand.class
    },
    synopsisSubcommandLabel = "COMMAND")
final class CheckpointCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    throw new UserError("checkpoint: expected a command: import, export, inspect, diff or ema");
  }
}

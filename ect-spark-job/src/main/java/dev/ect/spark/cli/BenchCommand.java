package dev.ect.spark.cli;

import dev.ect.spark.config.UserError;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Benchmarks. */
@Command(
    name = "bench",
    description = "Measures speed and memory.",
    subcommands = {
      BenchStepCommand.class,
      BenchSampleCommand.class,
      BenchDataCommand.class,
      BenchMetricsCommand.class,
      BenchExchangeCommand.class,
      BenchOverheadCommand.class,
      ExchangeNodeCommand.class,
      SendUpdateCommand.class
    },
    synopsisSubcommandLabel = "COMMAND")
final class BenchCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    throw new UserError(
        "bench: expected a command: step, sample, data, metrics, exchange or overhead");
  }
}

package dev.ect.model.benchmark;

import dev.ect.model.engine.Cpu;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.Precision;
import java.io.IOException;
import java.util.List;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs the benchmarks of kernels; arguments are JMH's. */
public final class KernelBenchmarks {
  private static final String ENGINE = "engine";
  private static final List<String> ENGINES =
      List.of("nd4j float32", "torch float32", "torch tf32", "torch bfloat16");

  private KernelBenchmarks() {}

  /** Measures what the arguments name, on the engines of use here unless they name those, too. */
  public static void main(String[] args)
      throws RunnerException, CommandLineOptionException, IOException {
    CommandLineOptions given = new CommandLineOptions(args);
    if (given.shouldHelp()) {
      given.showHelp();
      return;
    }
    if (given.shouldList()) {
      new Runner(given).list();
      return;
    }
    ChainedOptionsBuilder options = new OptionsBuilder().parent(given);
    if (!given.getParameter(ENGINE).hasValue()) {
      options.param(ENGINE, usable());
    }
    new Runner(options.build()).run();
  }

  private static String[] usable() {
    return ENGINES.stream().filter(KernelBenchmarks::isUsable).toArray(String[]::new);
  }

  private static boolean isUsable(String name) {
    try (Engine engine = KernelState.open(name)) {
      return engine.precision() != Precision.BFLOAT16
          || !engine.device().startsWith("cpu")
          || Cpu.hasBfloat16();
    } catch (EngineUnavailableException e) {
      return false;
    }
  }
}

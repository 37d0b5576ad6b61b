package dev.ect.spark.cli;

import dev.ect.spark.api.Failures;
import dev.ect.spark.config.UserError;
import dev.ect.spark.training.SparkContexts;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import org.apache.spark.package$;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import scala.util.Properties;

/**
 * The program {@code ect}. It ends by returning or by throwing, never by {@code System.exit}, so
 * that Spark and schedulers see what happened; a {@link UserError} is printed as its lines alone.
 */
@Command(
    name = "ect",
    description = "Easy Consistency Tuning on Spark: few-step generators from diffusion models.",
    subcommands = {
      TuneCommand.class,
      PlanCommand.class,
      PretrainCommand.class,
      SampleCommand.class,
      EvaluateCommand.class,
      StatsCommand.class,
      SearchMidTCommand.class,
      PublishCommand.class,
      ReportCommand.class,
      ForwardCommand.class,
      CheckpointCommand.class,
      DatasetCommand.class,
      BenchCommand.class,
      DemoCommand.class,
      VersionCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main {
  private Main() {}

  /** Runs a command. */
  public static void main(String[] args) throws Exception {
    Thread.currentThread().setUncaughtExceptionHandler(Main::uncaught);
    run(System.out, args);
  }

  /**
   * Runs a command.
   *
   * @param out for what it prints
   * @throws UserError for everything that the user can put right
   * @throws Exception for everything else
   */
  public static void run(PrintStream out, String... args) throws Exception {
    SparkContexts.requireJdk(Runtime.version().feature());
    SparkContexts.requireVersion(
        package$.MODULE$.SPARK_VERSION(), Properties.versionNumberString());
    Exception[] failure = new Exception[1];
    CommandLine commands = new CommandLine(new Main(), new Commands(out));
    addHelp(commands);
    commands.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    commands.setParameterExceptionHandler(
        (e, arguments) -> {
          failure[0] =
              new UserError(
                  e.getMessage()
                      + "; see: "
                      + e.getCommandLine().getCommandSpec().qualifiedName()
                      + " --help");
          return 1;
        });
    commands.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          failure[0] = e;
          return 1;
        });
    if (args.length == 0) {
      commands.usage(out);
      return;
    }
    commands.execute(args);
    if (failure[0] != null) {
      throw Failures.explained(failure[0]);
    }
  }

  /** Every command has {@code --help}. */
  private static void addHelp(CommandLine command) {
    command
        .getCommandSpec()
        .addOption(
            CommandLine.Model.OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Print this.")
                .build());
    command.getSubcommands().values().stream()
        .filter(each -> !(each.getCommand() instanceof CommandLine.HelpCommand))
        .forEach(Main::addHelp);
  }

  private static void uncaught(Thread thread, Throwable thrown) {
    // Standalone workers call main through reflection.
    Throwable e = thrown instanceof InvocationTargetException call ? call.getCause() : thrown;
    if (e instanceof UserError) {
      e.getMessage().lines().forEach(line -> System.err.println("ect: " + line));
    } else {
      thread.getThreadGroup().uncaughtException(thread, e);
    }
  }
}

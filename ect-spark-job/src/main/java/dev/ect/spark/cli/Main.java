package dev.ect.spark.cli;

import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.io.Addresses;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.StageLostException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

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
      ForwardCommand.class,
      CheckpointCommand.class,
      DatasetCommand.class,
      BenchCommand.class,
      DemoCommand.class,
      VersionCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main {
  private static final int JDK = 17;

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
    int jdk = Runtime.version().feature();
    if (jdk != JDK) {
      throw new UserError(
          "this is JDK "
              + jdk
              + " ("
              + System.getProperty("java.home")
              + "); expected JDK "
              + JDK
              + ", which Spark 3.5 needs: set JAVA_HOME");
    }
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
      Exception explained = explained(failure[0]);
      throw explained instanceof UserError
          ? new UserError(Addresses.hideSecrets(explained.getMessage()))
          : explained;
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

  /** Trouble with files, engines and executors is the user's to put right. */
  private static Exception explained(Exception e) {
    if (e instanceof EngineUnavailableException || e instanceof StageLostException) {
      return new UserError(e.getMessage());
    }
    if (e instanceof FileSystemException file) {
      return new UserError(
          file.getFile()
              + ": "
              + (file instanceof AccessDeniedException
                  ? "access denied"
                  : file instanceof FileAlreadyExistsException
                      ? "exists and is not a folder"
                      : file.getReason()));
    }
    if (e instanceof FileNotFoundException || e instanceof IOException) {
      return new UserError(e.getMessage() == null ? e.toString() : e.getMessage());
    }
    return e;
  }

  private static void uncaught(Thread thread, Throwable e) {
    if (e instanceof UserError) {
      e.getMessage().lines().forEach(line -> System.err.println("ect: " + line));
    } else {
      thread.getThreadGroup().uncaughtException(thread, e);
    }
  }
}

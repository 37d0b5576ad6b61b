package dev.ect.spark.api;

import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.io.Addresses;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.StageLostException;
import dev.ect.spark.exchange.ExchangeException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;

/** What the user is told of a failure. */
public final class Failures {
  private Failures() {}

  /**
   * Trouble with files, engines and executors is the user's to put right: it becomes a {@link
   * UserError}, in which addresses show no secrets. Anything else stays what it is.
   */
  public static Exception explained(Exception e) {
    String line = line(e);
    return line == null ? e : new UserError(Addresses.hideSecrets(line));
  }

  private static String line(Exception e) {
    if (e instanceof UserError
        || e instanceof EngineUnavailableException
        || e instanceof StageLostException
        || e instanceof ExchangeException) {
      return e.getMessage();
    }
    if (e instanceof FileSystemException file) {
      return file.getFile() + ": " + reason(file);
    }
    if (e instanceof IOException) {
      return e.getMessage() == null ? e.toString() : e.getMessage();
    }
    return null;
  }

  private static String reason(FileSystemException e) {
    if (e instanceof AccessDeniedException) {
      return "access denied";
    }
    if (e.getReason() != null) {
      return e.getReason();
    }
    return e instanceof FileAlreadyExistsException
        ? "exists and is not a folder"
        : "no such file or folder";
  }
}

package dev.ect.spark.config;

import java.util.List;

/**
 * Something that the user can put right. The message is all there is to say, one line for each
 * problem; there is no stack trace.
 */
public final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UserError(String message) {
    super(message, null, false, false);
  }

  /** Several problems, reported together. */
  public UserError(List<String> problems) {
    this(String.join(System.lineSeparator(), problems));
  }
}

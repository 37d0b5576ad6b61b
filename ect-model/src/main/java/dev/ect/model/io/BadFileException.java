package dev.ect.model.io;

import java.io.IOException;

/**
 * A file that is not what it should be. The message is one line that starts with the file's name.
 */
public final class BadFileException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * @param file its path
   * @param problem what was found, what was expected and what to do
   */
  public BadFileException(String file, String problem) {
    super(Addresses.withoutSecrets(file) + ": " + PlainText.oneLine(problem));
  }

  /** As above, with what brought it to light. */
  public BadFileException(String file, String problem, Throwable cause) {
    super(Addresses.withoutSecrets(file) + ": " + PlainText.oneLine(problem), cause);
  }
}

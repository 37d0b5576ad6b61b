package dev.ect.model.engine;

/**
 * An engine cannot run here, or not with these options. The message is one line for the user: what
 * was found and what to do.
 */
public final class EngineUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public EngineUnavailableException(String message) {
    super(message);
  }

  public EngineUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}

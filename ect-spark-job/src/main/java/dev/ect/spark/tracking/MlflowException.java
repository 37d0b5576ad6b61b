package dev.ect.spark.tracking;

import java.io.IOException;

/** An answer of a tracking server that is an error. */
final class MlflowException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int BAD_REQUEST = 400;
  private static final int NOT_FOUND = 404;

  private final int status;
  private final String code;

  /**
   * @param status of HTTP
   * @param code the server's, such as {@code RESOURCE_DOES_NOT_EXIST}; may be empty
   */
  MlflowException(String message, int status, String code) {
    super(message);
    this.status = status;
    this.code = code;
  }

  boolean isMissing() {
    return status == NOT_FOUND || code.equals("RESOURCE_DOES_NOT_EXIST");
  }

  boolean isThere() {
    return code.equals("RESOURCE_ALREADY_EXISTS");
  }

  /** Whether the same request would be refused again. */
  boolean isRefusal() {
    return status == BAD_REQUEST || status == NOT_FOUND;
  }
}

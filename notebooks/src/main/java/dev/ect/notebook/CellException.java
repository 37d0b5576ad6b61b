package dev.ect.notebook;

/** A cell that does not compile; the message says where and why. */
final class CellException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CellException(String message) {
    super(message, null, false, false);
  }
}

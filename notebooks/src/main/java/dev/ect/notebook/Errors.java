package dev.ect.notebook;

import java.util.ArrayList;
import java.util.List;

/** What a notebook shows of an exception. */
final class Errors {
  /** Classes that JShell makes of snippets lie in packages of this name. */
  private static final String SNIPPETS = "REPL.";

  private static final int MOST = 40;

  private Errors() {}

  /**
   * A user's mistake as its lines alone; an interruption in a word; anything else with the calls
   * that led to it, from the cell on.
   */
  static List<String> lines(Throwable e) {
    if (JavaKernel.speaks(e)) {
      return e.getMessage().lines().toList();
    }
    if (e instanceof InterruptedException) {
      return List.of("interrupted");
    }
    List<String> lines = new ArrayList<>();
    String title = "";
    Throwable cause = e instanceof JavaKernel.CellError ? e.getCause() : e;
    for (; cause != null; cause = cause.getCause()) {
      (title + cause).lines().forEach(lines::add);
      calls(cause, lines);
      title = "Caused by: ";
    }
    return lines;
  }

  private static void calls(Throwable e, List<String> lines) {
    int shown = 0;
    for (StackTraceElement call : e.getStackTrace()) {
      boolean ofTheCell = call.getClassName().startsWith(SNIPPETS);
      if (ofTheCell || shown == MOST) {
        lines.add(ofTheCell ? "    in the cell" : "    ...");
        return;
      }
      lines.add("    at " + call);
      shown++;
    }
  }
}

package dev.ect.notebook;

import dev.ect.spark.config.UserError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.Diag;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.Snippet.SubKind;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.Completeness;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.SourceCodeAnalysis.Documentation;
import jdk.jshell.SourceCodeAnalysis.Suggestion;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.JupyterIO;
import org.dflib.jjava.jupyter.kernel.LanguageInfo;
import org.dflib.jjava.jupyter.kernel.ReplacementOptions;
import org.dflib.jjava.jupyter.kernel.comm.CommManager;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.Renderer;
import org.dflib.jjava.jupyter.kernel.util.StringStyler;

/**
 * Evaluates cells with JShell, in this JVM. A cell that ends in an expression without a semicolon
 * shows its value.
 */
final class JavaKernel extends BaseKernel implements AutoCloseable {
  private static final List<String> IMPORTS =
      List.of("java.io.*", "java.nio.file.*", "java.time.*", "java.util.*", "java.util.stream.*");

  private static final Set<SubKind> EXPRESSIONS =
      Set.of(
          SubKind.VAR_VALUE_SUBKIND,
          SubKind.OTHER_EXPRESSION_SUBKIND,
          SubKind.TEMP_VAR_EXPRESSION_SUBKIND);

  private final Cells cells = new Cells();
  private final JShell shell;
  private final SourceCodeAnalysis analysis;

  JavaKernel() {
    super(
        "ECT",
        String.valueOf(JavaKernel.class.getPackage().getImplementationVersion()),
        new LanguageInfo(
            "java",
            Runtime.version().toString(),
            "text/x-java-source",
            ".java",
            "java",
            "text/x-java",
            "script"),
        List.of(),
        null,
        new JupyterIO(StandardCharsets.UTF_8),
        new CommManager(),
        new Renderer(),
        null,
        null,
        false,
        new StringStyler("", "", "", line -> ""));
    shell = JShell.builder().executionEngine(cells, Map.of()).build();
    analysis = shell.sourceCodeAnalysis();
    IMPORTS.forEach(each -> evalRaw("import " + each + ";"));
  }

  /**
   * Evaluates a cell.
   *
   * @return its value; null if it has none to show
   * @throws CellException if it does not compile
   */
  @Override
  public Object evalRaw(String source) {
    cells.beginCell();
    Object shown = null;
    String rest = source;
    while (!rest.isBlank()) {
      if (cells.isStopped()) {
        throw sneaky(new InterruptedException());
      }
      CompletionInfo next = analysis.analyzeCompletion(rest);
      Completeness completeness = next.completeness();
      if (completeness == Completeness.EMPTY) {
        break;
      }
      if (!completeness.isComplete()) {
        throw new CellException("the cell ends before this is complete:\n" + rest.strip());
      }
      String snippet = next.source() == null ? rest : next.source();
      shown = run(snippet);
      rest = next.source() == null ? "" : next.remaining();
    }
    return shown;
  }

  private Object run(String source) {
    cells.forget();
    for (SnippetEvent event : shell.eval(source)) {
      if (event.causeSnippet() == null) {
        requireCompiled(event.snippet(), event.status());
        if (cells.thrown() != null) {
          throw sneaky(cells.thrown());
        }
        if (event.exception() != null) {
          throw new CellException(event.exception().getMessage());
        }
        boolean shows = EXPRESSIONS.contains(event.snippet().subKind());
        return shows && !source.strip().endsWith(";") ? cells.value() : null;
      }
    }
    return null;
  }

  /** Throws what a cell has thrown, whatever it is. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> RuntimeException sneaky(Throwable thrown) throws T {
    // The kernel's own handler takes exceptions only.
    throw (T) (thrown instanceof Exception ? thrown : new CellError(thrown));
  }

  private void requireCompiled(Snippet snippet, Snippet.Status status) {
    switch (status) {
      case REJECTED -> {
        String problems =
            shell
                .diagnostics(snippet)
                .filter(Diag::isError)
                .map(diagnostic -> problem(snippet.source(), diagnostic))
                .collect(Collectors.joining("\n"));
        throw new CellException(problems);
      }
      case RECOVERABLE_DEFINED, RECOVERABLE_NOT_DEFINED -> {
        String missing =
            shell
                .unresolvedDependencies((DeclarationSnippet) snippet)
                .collect(Collectors.joining(", "));
        throw new CellException("there is no " + missing + ", which this needs; define it first");
      }
      default -> {}
    }
  }

  /** The line of the source, where in it, and what is wrong. */
  private static String problem(String source, Diag diagnostic) {
    int at = (int) Math.max(0, Math.min(diagnostic.getPosition(), source.length()));
    int begin = source.lastIndexOf('\n', Math.max(0, at - 1)) + 1;
    int end = source.indexOf('\n', at);
    String line = source.substring(Math.min(begin, at), end < 0 ? source.length() : end);
    String pointer = " ".repeat(Math.max(0, at - begin)) + "^";
    return line + "\n" + pointer + "\n" + diagnostic.getMessage(Locale.ROOT);
  }

  @Override
  public List<String> formatError(Throwable e) {
    return Errors.lines(e);
  }

  @Override
  public void interrupt() {
    cells.stop();
  }

  @Override
  public DisplayData inspect(String code, int at, boolean extraDetail) {
    String found =
        analysis.documentation(code, at, true).stream()
            .map(JavaKernel::text)
            .distinct()
            .collect(Collectors.joining("\n\n"));
    return found.isEmpty() ? null : new DisplayData(found);
  }

  private static String text(Documentation documentation) {
    String javadoc = documentation.javadoc();
    return documentation.signature() + (javadoc == null ? "" : "\n" + javadoc);
  }

  @Override
  public ReplacementOptions complete(String code, int at) {
    int[] anchor = {at};
    List<String> found =
        analysis.completionSuggestions(code, at, anchor).stream()
            .map(Suggestion::continuation)
            .distinct()
            .toList();
    return new ReplacementOptions(new ArrayList<>(found), anchor[0], at);
  }

  @Override
  public String isComplete(String code) {
    String rest = code;
    while (!rest.isBlank()) {
      CompletionInfo next = analysis.analyzeCompletion(rest);
      switch (next.completeness()) {
        case UNKNOWN -> {
          return IS_COMPLETE_BAD;
        }
        case DEFINITELY_INCOMPLETE, CONSIDERED_INCOMPLETE -> {
          return "";
        }
        case EMPTY -> {
          return IS_COMPLETE_YES;
        }
        default -> rest = next.remaining();
      }
    }
    return IS_COMPLETE_YES;
  }

  @Override
  public void close() {
    shell.close();
  }

  /** An error of the JVM, such as a lack of memory, that a cell has met. */
  static final class CellError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CellError(Throwable cause) {
      super(cause);
    }
  }

  /** Whether the message of something thrown is all there is to say. */
  static boolean speaks(Throwable e) {
    return e instanceof UserError || e instanceof CellException;
  }
}

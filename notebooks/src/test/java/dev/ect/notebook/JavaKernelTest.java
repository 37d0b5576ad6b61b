package dev.ect.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Cells, among them some that use this class. */
public class JavaKernelTest {
  private static JavaKernel kernel;

  /** What a cell counts down when it has begun. */
  private static final CountDownLatch BEGUN = new CountDownLatch(1);

  @BeforeAll
  static void open() {
    kernel = new JavaKernel();
  }

  @AfterAll
  static void close() {
    kernel.close();
  }

  /** Tells a test that a cell has begun. */
  public static void begun() {
    BEGUN.countDown();
  }

  private static List<String> said(String cell) {
    return kernel.formatError(assertThrows(Exception.class, () -> kernel.evalRaw(cell)));
  }

  @Test
  void aCellShowsTheObjectThatItsLastExpressionGives() {
    assertEquals(42, kernel.evalRaw("int a = 6;\nint b = 7;\na * b"));
    assertEquals(List.of(1, 2), kernel.evalRaw("// a comment\nList.of(1, 2)"));
    assertEquals(43, kernel.evalRaw("a * b + 1 // after it\n"));
    assertNull(kernel.evalRaw("a * b;"));
    assertNull(kernel.evalRaw("var c = a;"));
    assertNull(kernel.evalRaw("for (int i = 0; i < 2; i++) {\n  c += i;\n}"));
    assertNull(kernel.evalRaw("// nothing"));
    assertEquals(7, kernel.evalRaw("c"));
  }

  @Test
  void cellsUseTheClassesOfTheJarsInThisJvm() {
    assertEquals(
        dev.ect.spark.api.Sampling.of("n").num(3),
        kernel.evalRaw("import dev.ect.spark.api.Sampling;\nSampling.of(\"n\").num(3)"));
  }

  @Test
  void aCellThatDoesNotCompileSaysWhere() {
    assertEquals(
        List.of(
            "int d = \"text\";",
            "        ^",
            "incompatible types: java.lang.String cannot be converted to int"),
        said("int d = \"text\";"));
    assertEquals(
        List.of("the cell ends before this is complete:", "if (true) {"), said("if (true) {"));
    assertEquals(
        List.of("there is no method missing(), which this needs; define it first"),
        said("int later() { return missing(); }"));
  }

  @Test
  void aUsersMistakeIsItsLinesAlone() {
    assertEquals(
        List.of("gone.png: no such image"), said("dev.ect.notebook.Show.image(\"gone.png\", 1);"));
  }

  @Test
  void otherExceptionsAreShownFromTheCellOn() {
    List<String> lines = said("Integer.parseInt(\"x\");");
    assertEquals("java.lang.NumberFormatException: For input string: \"x\"", lines.get(0));
    assertEquals("    in the cell", lines.get(lines.size() - 1));
    assertTrue(lines.size() < 8, lines::toString);
  }

  @Test
  void anInterruptionReachesTheCellThatRuns() throws Exception {
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    Thread cell =
        new Thread(
            () -> {
              try {
                kernel.evalRaw(
                    "dev.ect.notebook.JavaKernelTest.begun();\n"
                        + "new java.util.concurrent.CountDownLatch(1).await();");
                end.complete(null);
              } catch (Throwable e) {
                end.complete(e);
                begun();
              }
            });
    cell.start();
    BEGUN.await();
    // The wait may not have begun: it then ends as it begins.
    kernel.interrupt();
    Throwable thrown = end.get();
    assertInstanceOf(InterruptedException.class, thrown);
    assertEquals(List.of("interrupted"), kernel.formatError(thrown));
    assertEquals(2, kernel.evalRaw("1 + 1"));
  }

  @Test
  void itCompletesAndExplainsCode() {
    String code = "dev.ect.spark.api.Sampling.of(\"n\").clas";
    assertTrue(
        kernel.complete(code, code.length()).getReplacements().contains("classes("),
        () -> kernel.complete(code, code.length()).getReplacements().toString());
    assertEquals("complete", kernel.isComplete("int x = 1;"));
    assertEquals("", kernel.isComplete("if (true) {"));
  }
}

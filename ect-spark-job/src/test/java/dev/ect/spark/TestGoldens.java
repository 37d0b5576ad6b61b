package dev.ect.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Golden files: those of the folder that the system property {@code ect.goldens} names, and where
 * it has none of a kind, those in the test resources of ect-model.
 */
public final class TestGoldens {
  private static final Path BUILT_IN = Path.of("ect-model/src/test/resources/goldens");

  private TestGoldens() {}

  /** The files whose names match. */
  public static List<Path> files(String pattern) throws IOException {
    String given = System.getProperty("ect.goldens");
    List<Path> found = given == null ? List.of() : list(Path.of(given), pattern);
    found = found.isEmpty() ? list(BUILT_IN, pattern) : found;
    if (found.isEmpty()) {
      throw new AssertionError("no " + pattern + " in " + BUILT_IN.toAbsolutePath());
    }
    return found;
  }

  /** A file of the test resources. */
  public static Path builtIn(String name) {
    return BUILT_IN.resolve(name).toAbsolutePath();
  }

  /** The first detector network: the calls of the Inception network, 64 features. */
  public static Path detector() throws IOException {
    return files("detector.*\\.pt").get(0).toAbsolutePath();
  }

  private static List<Path> list(Path folder, String pattern) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).matches(pattern))
          .sorted()
          .toList();
    }
  }
}

package dev.ect.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.config.ConfigSources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the documents name exists. Tests run in the repository's root. */
class DocumentsTest {
  private static final Path FOLDER = Path.of(".github");

  /** A class in the map of the code, possibly with one of its members. */
  private static final Pattern CLASS =
      Pattern.compile("`([A-Z]\\w+)(?:\\.([a-z]\\w*))?(?:\\(\\))?`");

  private static final Pattern PACKAGE = Pattern.compile("(?m)^\\*\\*(\\w+)\\.\\*\\*");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^):#]+)\\)");
  private static final Pattern KEY =
      Pattern.compile("(?<![\\w.])(evaluation|run|network)\\.([a-z0-9.-]+)");

  private static String read(String name) throws IOException {
    return Files.readString(FOLDER.resolve(name));
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : List.of("ect-model/src", "ect-spark-job/src", "notebooks/src")) {
      try (Stream<Path> files = Files.walk(Path.of(module))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    return sources;
  }

  @Test
  void everyClassInTheMapExists() throws IOException {
    Map<String, Path> byName =
        sources().stream()
            .collect(
                Collectors.toMap(
                    file -> file.getFileName().toString().replace(".java", ""),
                    file -> file,
                    (a, b) -> a));
    List<MatchResult> named = CLASS.matcher(read("CONTRIBUTING.md")).results().toList();
    assertTrue(named.size() > 50, named.size() + " classes");
    for (MatchResult each : named) {
      Path source = byName.get(each.group(1));
      assertTrue(source != null, each.group());
      if (each.group(2) != null && !each.group(2).equals("values")) {
        String text = Files.readString(source);
        assertTrue(text.contains(" " + each.group(2) + "("), each.group());
      }
    }
  }

  @Test
  void everyPackageHasAParagraph() throws IOException {
    List<String> told =
        PACKAGE
            .matcher(read("CONTRIBUTING.md"))
            .results()
            .map(each -> each.group(1))
            .sorted()
            .toList();
    List<String> there = new ArrayList<>();
    for (String root :
        List.of(
            "ect-model/src/main/java/dev/ect/model", "ect-spark-job/src/main/java/dev/ect/spark")) {
      try (Stream<Path> folders = Files.list(Path.of(root))) {
        folders
            .filter(Files::isDirectory)
            .forEach(folder -> there.add(folder.getFileName().toString()));
      }
    }
    assertEquals(there.stream().sorted().toList(), told);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "THIRD-PARTY.md"})
  void linksAndKeysExist(String document) throws IOException {
    String text = read(document);
    for (MatchResult link : LINK.matcher(text).results().toList()) {
      assertTrue(Files.exists(FOLDER.resolve(link.group(1))), link.group());
    }
    for (MatchResult key : KEY.matcher(text).results().toList()) {
      boolean known =
          ConfigSources.keys(ConfigSources.reference()).stream()
              .anyMatch(each -> each.startsWith(key.group(1) + "." + key.group(2)));
      assertTrue(known, key.group());
    }
    assertFalse(text.isBlank());
  }
}

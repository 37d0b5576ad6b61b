package dev.ect.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The instructions of a Dockerfile.
 *
 * @param instructions in order, long lines put together
 */
record Dockerfile(List<Instruction> instructions) {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");

  /**
   * One of them.
   *
   * @param name such as {@code RUN}
   * @param text what follows, with the defaults of the build's arguments
   * @param stage number of the stage, from 0; -1 before the first
   */
  record Instruction(String name, String text, int stage) {
    /** The words that are not options. */
    List<String> words() {
      return Arrays.stream(text.split("\\s+")).filter(word -> !word.startsWith("--")).toList();
    }

    /** The value of an option, such as {@code from}; empty where it is not given. */
    String option(String option) {
      String start = "--" + option + "=";
      return Arrays.stream(text.split("\\s+"))
          .filter(word -> word.startsWith(start))
          .map(word -> word.substring(start.length()))
          .findFirst()
          .orElse("");
    }
  }

  static Dockerfile read(Path file) throws IOException {
    List<Instruction> instructions = new ArrayList<>();
    Map<String, String> arguments = new LinkedHashMap<>();
    StringBuilder text = new StringBuilder();
    int stage = -1;
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith("#")) {
        continue;
      }
      boolean goesOn = line.endsWith("\\");
      text.append(goesOn ? line.substring(0, line.length() - 1) : line);
      if (goesOn || text.toString().isBlank()) {
        continue;
      }
      String[] parts = text.toString().strip().split("\\s+", 2);
      text.setLength(0);
      stage += parts[0].equals("FROM") ? 1 : 0;
      if (parts[0].equals("ARG") && parts[1].contains("=")) {
        int equals = parts[1].indexOf('=');
        arguments.put(parts[1].substring(0, equals), parts[1].substring(equals + 1));
      }
      instructions.add(new Instruction(parts[0], filled(parts[1], arguments), stage));
    }
    return new Dockerfile(instructions);
  }

  private static String filled(String text, Map<String, String> arguments) {
    return VARIABLE
        .matcher(text)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(arguments.getOrDefault(found.group(1), found.group())));
  }

  List<Instruction> all(String name) {
    return instructions.stream().filter(each -> each.name().equals(name)).toList();
  }

  /** Those of a name in the last stage, which becomes the image. */
  List<Instruction> ofTheImage(String name) {
    int last = instructions.get(instructions.size() - 1).stage();
    return all(name).stream().filter(each -> each.stage() == last).toList();
  }
}

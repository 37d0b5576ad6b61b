package dev.ect.spark.deploy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A script of {@code deploy} that has run.
 *
 * @param status that it ended with
 * @param out lines that it printed
 * @param err lines that it said beside
 */
record Script(int status, List<String> out, List<String> err) {
  /** Runs one with these variables set and nothing else but the path and the JDK. */
  static Script run(Map<String, String> environment, String script, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", "deploy/" + script));
    command.addAll(arguments);
    Path err = Files.createTempFile("script", ".err");
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
      builder.environment().clear();
      builder.environment().put("PATH", System.getenv("PATH"));
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      builder.environment().putAll(environment);
      Process process = builder.start();
      List<String> out =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .toList();
      return new Script(process.waitFor(), out, Files.readAllLines(err));
    } finally {
      Files.delete(err);
    }
  }

  /** Writes a program into a folder. */
  static void program(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/bash\n" + text + "\n");
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + ": cannot be made executable");
    }
  }
}

package dev.ect.spark.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A Spark installation in a folder: the jars that Maven provides, without those in the job's own
 * jar, and {@code bin/spark-submit}. Its processes listen on loopback, and end when it is closed.
 */
final class SparkInstallation implements AutoCloseable {
  private static final Path TARGET = Path.of("ect-spark-job/target").toAbsolutePath();

  /** As Spark's own: the launcher says the command, its words ended by zeros. */
  private static final String SUBMIT =
      """
      #!/usr/bin/env bash
      export SPARK_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) SPARK_SCALA_VERSION=2.12
      mapfile -d '' command < <("$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -cp "$SPARK_HOME/jars/*" \\
        org.apache.spark.launcher.Main org.apache.spark.deploy.SparkSubmit "$@")
      ((${#command[@]} > 1)) || exit 1
      # before them: a mark and a line break
      command[1]=${command[1]#$'\\n'}
      exec "${command[@]:1}"
      """;

  private final Path home;
  private final List<ClusterRun> processes = new ArrayList<>();

  /**
   * @param home folder to make it in
   */
  SparkInstallation(Path home) throws IOException {
    this.home = home;
    Path jars = Files.createDirectories(home.resolve("jars"));
    Set<String> own = entries(jobJar());
    for (String each : Files.readString(TARGET.resolve("classpath.txt")).strip().split(":", -1)) {
      Path jar = Path.of(each);
      if (!own.containsAll(entries(jar))) {
        Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
      }
    }
    // for the drivers and executors that workers start
    Path conf = Files.createDirectories(home.resolve("conf"));
    Files.copy(Path.of("conf/log4j2.properties"), conf.resolve("log4j2.properties"));
    Path submit = Files.createDirectories(home.resolve("bin")).resolve("spark-submit");
    Files.writeString(submit, SUBMIT);
    if (!submit.toFile().setExecutable(true)) {
      throw new IOException(submit + ": cannot be made executable");
    }
  }

  /** The jar for spark-submit. */
  private static Path jobJar() throws IOException {
    try (var files = Files.list(TARGET)) {
      Optional<Path> jar = files.filter(f -> f.toString().endsWith("-all.jar")).findFirst();
      return jar.orElseThrow(() -> new IOException("no job's jar in " + TARGET));
    }
  }

  private static Set<String> entries(Path jar) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      return zip.stream()
          .map(ZipEntry::getName)
          .filter(name -> !name.endsWith("/") && !name.startsWith("META-INF/"))
          .collect(Collectors.toSet());
    }
  }

  /** Where Spark's workers keep what drivers and executors say. */
  Path work() {
    return home.resolve("work");
  }

  /**
   * Starts one of Spark's own programs.
   *
   * @param main its class
   * @param properties of the JVM, {@code name=value}
   */
  ClusterRun daemon(String main, List<String> properties, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Path.of("deploy/jvm-options").toAbsolutePath());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    properties.forEach(property -> command.add("-D" + property));
    command.addAll(List.of("-cp", home.resolve("jars") + "/*", main));
    command.addAll(List.of(arguments));
    return started(new ProcessBuilder(command));
  }

  /** Runs a command through {@code deploy/submit}. */
  ClusterRun submit(List<String> options, List<String> command) throws IOException {
    List<String> words = new ArrayList<>(List.of("deploy/submit"));
    words.addAll(options);
    words.add("--");
    words.addAll(command);
    return started(new ProcessBuilder(words));
  }

  private ClusterRun started(ProcessBuilder builder) throws IOException {
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.12");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("ECT_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    ClusterRun run = new ClusterRun(builder, Files.createDirectories(work()));
    processes.add(run);
    return run;
  }

  @Override
  public void close() {
    processes.forEach(ClusterRun::close);
  }
}

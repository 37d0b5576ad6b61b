package dev.ect.spark.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Runs commands as the launcher does: the driver in a JVM of its own, and with a master {@code
 * local-cluster[...]} executors in others. Ends them all when it is closed.
 */
final class ClusterRuns implements AutoCloseable {
  /** They start twice as fast; Spark hands them on to the executors. */
  private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private final Path folder;
  private final String classPath;

  private final List<ClusterRun> runs = new ArrayList<>();

  /**
   * @param folder for jars of this project's classes and what Spark writes
   */
  ClusterRuns(Path folder) throws IOException {
    this.folder = folder;
    classPath = packed(System.getProperty("java.class.path"), folder);
  }

  /**
   * Starts a command.
   *
   * @param master Spark's, instead of what the arguments say
   * @param arguments of the command line, with the command
   */
  ClusterRun start(String master, List<String> arguments) throws IOException {
    return start(master, arguments, List.of());
  }

  /** Starts a command with further options of the JVMs. */
  ClusterRun start(String master, List<String> arguments, List<String> jvmOptions)
      throws IOException {
    Path home = folder.resolve("spark-" + runs.size());
    Files.createDirectories(home.resolve("jars"));
    String root = System.getProperty("user.dir");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + root + "/deploy/jvm-options");
    command.add("-Dlog4j2.configurationFile=" + root + "/conf/log4j2.properties");
    command.add("-Dect.log.level=warn");
    command.add("-Xmx512m");
    command.addAll(QUICK);
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", classPath, Main.class.getName()));
    command.addAll(arguments);
    command.add("spark.master=" + master);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("OPENBLAS_NUM_THREADS", "1");
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    ClusterRun run = new ClusterRun(builder, home);
    runs.add(run);
    return run;
  }

  /** The class path with jars in the place of folders, and without the classes of the tests. */
  static String packed(String classPath, Path folder) throws IOException {
    List<String> entries = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      Path path = Path.of(entry).toAbsolutePath();
      if (!Files.isDirectory(path)) {
        entries.add(path.toString());
      } else if (!path.endsWith("test-classes")) {
        entries.add(pack(path, folder.resolve("classes-" + entries.size() + ".jar")).toString());
      }
    }
    return String.join(File.pathSeparator, entries);
  }

  private static Path pack(Path root, Path jar) throws IOException {
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new ZipEntry(root.relativize(file).toString()));
        Files.copy(file, out);
      }
    }
    return jar;
  }

  @Override
  public void close() {
    runs.forEach(ClusterRun::close);
  }
}

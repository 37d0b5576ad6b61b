package dev.ect.spark.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A command that runs in a JVM of its own, Spark's driver, with the executors' JVMs that it starts.
 * What waits here gives up with an {@link AssertionError} that shows what was said so far.
 */
final class ClusterRun implements AutoCloseable {
  private static final String EXECUTOR = "CoarseGrainedExecutorBackend";
  private static final int SHOWN = 60;

  private final Process driver;
  private final Path home;
  private final Thread reader;
  private final Object lock = new Object();
  private final List<String> lines = new ArrayList<>();
  private boolean silent;

  /**
   * @param builder of the driver
   * @param home the driver's SPARK_HOME, where the executors' output goes
   */
  ClusterRun(ProcessBuilder builder, Path home) throws IOException {
    this.home = home;
    driver = builder.redirectErrorStream(true).start();
    reader = new Thread(this::read, "output of " + driver.pid());
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader in = driver.inputReader(StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        synchronized (lock) {
          lines.add(line);
          lock.notifyAll();
        }
      }
    } catch (IOException e) {
      // The stream of a process that is killed may break.
    } finally {
      synchronized (lock) {
        silent = true;
        lock.notifyAll();
      }
    }
  }

  /** What the driver said so far, on both of its streams. */
  List<String> lines() {
    synchronized (lock) {
      return List.copyOf(lines);
    }
  }

  /** Waits for the first line of this kind, said already or not; returns it. */
  String awaitLine(Predicate<String> wanted, Duration deadline) throws InterruptedException {
    long end = System.nanoTime() + deadline.toNanos();
    synchronized (lock) {
      int looked = 0;
      while (true) {
        for (; looked < lines.size(); looked++) {
          if (wanted.test(lines.get(looked))) {
            return lines.get(looked);
          }
        }
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (silent || left <= 0) {
          throw failure(silent ? "ended without the line" : "no such line within " + deadline);
        }
        lock.wait(left);
      }
    }
  }

  /** {@link #awaitLine} of the report on a tick. */
  String awaitTick(long tick, Duration deadline) throws InterruptedException {
    return awaitLine(line -> line.startsWith("tick " + tick + " "), deadline);
  }

  /** Waits for the driver's end; returns its exit status. */
  int await(Duration deadline) throws InterruptedException {
    if (!driver.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
      throw failure("did not end within " + deadline);
    }
    // Executors that outlive the driver hold its streams for a moment.
    reader.join(deadline.toMillis());
    return driver.exitValue();
  }

  /** {@link #await} for an end in order. */
  ClusterRun succeed(Duration deadline) throws InterruptedException {
    int status = await(deadline);
    if (status != 0) {
      throw failure("ended with status " + status);
    }
    return this;
  }

  ProcessHandle driver() {
    return driver.toHandle();
  }

  /** The executors that live, oldest first. */
  List<ProcessHandle> executors() {
    return driver
        .descendants()
        .filter(process -> commandLine(process.pid()).contains(EXECUTOR))
        .sorted((a, b) -> Long.compare(a.pid(), b.pid()))
        .toList();
  }

  /** The driver and its executors. */
  List<ProcessHandle> processes() {
    return Stream.concat(Stream.of(driver()), executors().stream()).toList();
  }

  /** What {@link ProcessHandle} knows of a command line ends after a page of memory. */
  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** Resident memory of the driver and its executors in MiB, by process id. */
  Map<Long, Double> residentMib() throws IOException {
    Map<Long, Double> resident = new TreeMap<>();
    for (ProcessHandle process : processes()) {
      try (Stream<String> status = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
        status
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
            .forEach(mib -> resident.put(process.pid(), mib));
      }
    }
    return resident;
  }

  /** Ends a process by SIGKILL and sees it gone. */
  static void kill(ProcessHandle process) {
    process.destroyForcibly();
    gone(process);
  }

  private static void gone(ProcessHandle process) {
    try {
      process.onExit().get(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("process " + process.pid() + " does not end", e);
    }
  }

  /** Ends the driver and all its executors at once, by SIGKILL, and sees them gone. */
  void killAll() {
    // Those of a driver that is gone could not be found any more.
    List<ProcessHandle> all = Stream.concat(Stream.of(driver()), driver.descendants()).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(ClusterRun::gone);
  }

  /** Asks the driver to end, by SIGTERM. */
  void terminate() {
    // Process.destroy would close its streams too
    driver().destroy();
  }

  /** A failure that shows what the driver and its executors said last. */
  AssertionError failure(String what) {
    StringBuilder text = new StringBuilder("driver " + driver.pid() + ": " + what);
    show(text, lines());
    for (Path output : outputs()) {
      try {
        // its first line is Spark's command, with the class path
        List<String> said = Files.readAllLines(output, StandardCharsets.ISO_8859_1);
        text.append('\n').append(home.relativize(output));
        show(text, said.subList(Math.min(said.size(), 3), said.size()));
      } catch (IOException e) {
        text.append("\ncannot be read: ").append(e);
      }
    }
    return new AssertionError(text.toString());
  }

  private List<Path> outputs() {
    try (Stream<Path> files = Files.walk(home)) {
      return files.filter(file -> file.endsWith("stderr") || file.endsWith("stdout")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void show(StringBuilder text, List<String> said) {
    said.subList(Math.max(0, said.size() - SHOWN), said.size())
        .forEach(line -> text.append("\n  ").append(line));
  }

  @Override
  public void close() {
    killAll();
    try {
      reader.join(TimeUnit.MINUTES.toMillis(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

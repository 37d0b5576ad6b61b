package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.LocalStore;
import dev.ect.spark.config.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Small runs through the command line. */
public final class TestRuns {
  /** 20 steps of 8 images in ticks of 5 steps after the first one. */
  private static final List<String> SETTINGS =
      List.of(
          "network.model-channels=8",
          "network.channel-mult=[1, 2]",
          "network.num-blocks=1",
          "network.attn-resolutions=[4]",
          "tuning.batch=8",
          "tuning.batch-gpu=4",
          "tuning.duration=0.00016",
          "tuning.tick=0.04",
          "tuning.double-ticks=2",
          "tuning.lr=1e-3",
          "tuning.ema-beta=0.9",
          "tuning.emas=[\"sigma-rel=0.05\", \"sigma-rel=0.10\"]",
          "tuning.label-dropout=0.2",
          "tuning.augment=0.1",
          "data.cond=true",
          "engine.threads=1",
          "run.sample-every=2",
          "run.snapshot-every=2",
          "run.state-every=2",
          "run.checkpoint-every=1",
          "run.ema-every=2",
          "run.grid=10",
          "spark.segment-ticks=1",
          "spark.master=local[2]");

  private final Path folder;

  public TestRuns(Path folder) throws IOException {
    this.folder = folder;
    DatasetCommand.Synthesize.write(new LocalStore(), data(), ImageShape.square(3, 8), 60, 0);
  }

  String data() {
    return folder.resolve("tiny.zip").toString();
  }

  /** Arguments of a run whose directory goes into a folder of its own. */
  public List<String> arguments(String outdir, String... more) {
    List<String> arguments = new ArrayList<>(List.of("tune"));
    arguments.addAll(SETTINGS);
    arguments.add("data.path=" + data());
    arguments.add("run.outdir=" + folder.resolve(outdir));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /** Runs to its end; returns the only run directory. */
  public Path tune(String outdir, String... more) throws Exception {
    run(line -> {}, arguments(outdir, more));
    return directory(outdir);
  }

  Path directory(String outdir) throws IOException {
    try (Stream<Path> found = Files.list(folder.resolve(outdir))) {
      List<Path> all = found.toList();
      if (all.size() != 1) {
        throw new AssertionError("run directories: " + all);
      }
      return all.get(0);
    }
  }

  /**
   * Runs a command.
   *
   * @param listener hears every line as it is printed
   */
  static String run(Consumer<String> listener, List<String> arguments) throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    OutputStream lines =
        new OutputStream() {
          private final ByteArrayOutputStream line = new ByteArrayOutputStream();

          @Override
          public void write(int b) {
            all.write(b);
            if (b == '\n') {
              listener.accept(line.toString(StandardCharsets.UTF_8));
              line.reset();
            } else {
              line.write(b);
            }
          }
        };
    try (PrintStream out = new PrintStream(lines, true, StandardCharsets.UTF_8)) {
      Main.run(out, arguments.toArray(String[]::new));
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  /** Every file below a folder with its content. */
  static Map<String, String> contents(Path root) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(
            root.relativize(file).toString(),
            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  /** The lines in which a command is refused. */
  static String refusal(List<String> arguments) {
    return assertThrows(UserError.class, () -> run(line -> {}, arguments)).getMessage();
  }
}

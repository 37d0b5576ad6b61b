package dev.ect.spark.cli;

import dev.ect.model.checkpoint.PostHocEma;
import dev.ect.model.io.Store;
import dev.ect.model.tuning.PostHocFit;
import dev.ect.model.tuning.PowerFunctionEma;
import dev.ect.model.tuning.Progress;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Puts averages of the weights together that a run has not kept. */
@Command(
    name = "ema",
    description = {
      "Puts moving averages of other widths or times together from a run's power-function averages"
          + " (tuning.emas), after Karras et al., arXiv 2312.02696, and writes them as network"
          + " snapshots."
    })
final class CheckpointEmaCommand implements Callable<Integer> {
  /** Share of a profile that may be missing without a warning. */
  private static final double TOLERANCE = 0.05;

  private final PrintStream out;

  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "PATH",
      description = "Run directories, or single ema-sigma-rel=*.safetensors; at least two of them.")
  private List<String> from;

  @Option(
      names = "--sigma-rel",
      required = true,
      split = ",",
      paramLabel = "S",
      description =
          "Widths: standard deviations of the times averaged over, as shares of the time trained;"
              + " more than 0 and less than 0.2887.")
  private List<Double> widths;

  @Option(
      names = "--kimg",
      paramLabel = "N",
      description = "Thousand images after which the average ends. Default: the last snapshot's.")
  private Double kimg;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description =
          "The network snapshot. With several widths, -<width> is added to its name before the"
              + " extension.")
  private String file;

  CheckpointEmaCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Store store = Stores.open();
    List<String> problems = new ArrayList<>();
    Map<PowerFunctionEma, String> results = results(store, problems);
    try (PostHocEma parts = PostHocEma.open(store, new LinkedHashSet<>(from), problems)) {
      Progress latest = parts.latest();
      double images = kimg == null ? (double) latest.images() : Math.rint(kimg * 1000);
      if (kimg != null && !(images >= 1)) {
        problems.add("--kimg is " + kimg + "; expected more than 0");
      } else if (!parts.parts().isEmpty() && images > latest.images()) {
        problems.add(
            "--kimg is "
                + kimg
                + "; expected at most "
                + latest.images() / 1000.0
                + ", when the last snapshot was taken");
      }
      if (!problems.isEmpty()) {
        throw new UserError(problems);
      }
      for (Map.Entry<PowerFunctionEma, String> each : results.entrySet()) {
        write(parts, each.getKey(), (long) images, each.getValue());
      }
    }
    return 0;
  }

  /** The file of each width. */
  private Map<PowerFunctionEma, String> results(Store store, List<String> problems)
      throws IOException {
    Map<PowerFunctionEma, String> results = new LinkedHashMap<>();
    for (double width : widths) {
      if (!PowerFunctionEma.isWidth(width)) {
        problems.add("--sigma-rel is " + width + "; expected " + PowerFunctionEma.WIDTHS);
        continue;
      }
      String path = widths.size() == 1 ? file : named(width);
      if (results.putIfAbsent(new PowerFunctionEma(width), path) != null) {
        problems.add("--sigma-rel has " + width + " twice; expected different widths");
      } else if (store.exists(path)) {
        problems.add(path + ": exists already; expected a new name (--out)");
      }
    }
    return results;
  }

  private String named(double width) {
    int dot = file.lastIndexOf('.');
    int end = dot > file.lastIndexOf('/') ? dot : file.length();
    return file.substring(0, end) + "-" + width + file.substring(end);
  }

  private void write(PostHocEma parts, PowerFunctionEma wanted, long images, String path)
      throws IOException {
    PostHocFit fit = parts.fit(wanted, images);
    line("%s after %.3f kimg of", wanted.id(), images / 1000.0);
    for (int i = 0; i < parts.parts().size(); i++) {
      PostHocEma.Part part = parts.parts().get(i);
      double weight = fit.weights().get(i);
      if (weight != 0) {
        line(
            "  %+.6f  %s after %.3f kimg  %s",
            weight, part.ema().id(), part.progress().images() / 1000.0, part.path());
      }
    }
    line("fit error %.3f %% of the profile", 100 * fit.error());
    if (fit.error() > TOLERANCE) {
      line(
          "warning: these snapshots do not make up %s; keep averages of widths on both sides of"
              + " it, and snapshots closer together (run.ema-every)",
          wanted.id());
    }
    parts.write(path, wanted, images, fit);
    line("wrote %s", path);
  }

  private void line(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}

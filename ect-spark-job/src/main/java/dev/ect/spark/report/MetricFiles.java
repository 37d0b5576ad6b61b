package dev.ect.spark.report;

import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the files {@code metric-<name>.jsonl} of a folder say.
 *
 * @param lines file by file, in the order of the files' names
 * @param unreadable lines that are none, such as one that is written only partly
 */
public record MetricFiles(List<MetricLine> lines, int unreadable) {
  private static final String PREFIX = "metric-";
  private static final String SUFFIX = ".jsonl";

  /**
   * Reads a folder's files.
   *
   * @param files what lies in the folder
   */
  public static MetricFiles read(Store store, List<StoredFile> files) throws IOException {
    List<MetricLine> lines = new ArrayList<>();
    int unreadable = 0;
    for (StoredFile file : files) {
      if (!file.name().startsWith(PREFIX) || !file.name().endsWith(SUFFIX)) {
        continue;
      }
      String text = new String(store.readAll(file.path()), StandardCharsets.UTF_8);
      for (String line : text.lines().filter(each -> !each.isBlank()).toList()) {
        Optional<MetricLine> found = MetricLine.parse(line);
        found.ifPresent(lines::add);
        unreadable += found.isPresent() ? 0 : 1;
      }
    }
    return new MetricFiles(List.copyOf(lines), unreadable);
  }

  /**
   * Repeats of an evaluation, together: the same network, metric and intermediate times.
   *
   * @param best of the repeats, by their first number
   * @param repeats in the order of the file; of one that was repeated after a failure the last
   */
  public record Result(MetricLine best, List<MetricLine> repeats) {}

  /** The results, in the order of the lines. */
  public List<Result> results() {
    Map<String, Map<Integer, MetricLine>> groups = new LinkedHashMap<>();
    for (MetricLine line : lines) {
      String key = String.join("\n", line.metric(), line.midT(), moment(line));
      groups.computeIfAbsent(key, k -> new LinkedHashMap<>()).put(line.repeat(), line);
    }
    return groups.values().stream()
        .map(
            repeats ->
                new Result(
                    repeats.values().stream()
                        .reduce((a, b) -> b.isBetterThan(a) ? b : a)
                        .orElseThrow(),
                    List.copyOf(repeats.values())))
        .toList();
  }

  private static String moment(MetricLine line) {
    return Double.isNaN(line.kimg()) ? line.network() : String.valueOf(line.kimg());
  }
}

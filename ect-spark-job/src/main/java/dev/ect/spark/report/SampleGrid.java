package dev.ect.spark.report;

import dev.ect.model.io.StoredFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A sample grid in a run directory.
 *
 * @param path of the PNG
 * @param name of the PNG
 * @param kimg thousand images processed before it, as its name says; 0 for the grid of the network
 *     before any step, NaN for the last one
 * @param evaluations of the network per image; 0 for the grid before any step, which has as many as
 *     the largest of the others
 * @param bytes of the PNG
 */
public record SampleGrid(String path, String name, double kimg, int evaluations, long bytes) {
  private static final Pattern SAMPLES =
      Pattern.compile("samples-(\\d{1,12}(?:\\.\\d{3})?)-(\\d{1,4})step\\.png");
  private static final Pattern FINAL = Pattern.compile("final-(\\d{1,4})step\\.png");

  /** Made before any step. */
  public static final String INITIAL = "model_init.png";

  /** The grids among the files of a run directory, by kimg; the last ones at the end. */
  public static List<SampleGrid> among(List<StoredFile> files) {
    List<SampleGrid> grids = new ArrayList<>();
    for (StoredFile file : files) {
      Matcher samples = SAMPLES.matcher(file.name());
      Matcher last = FINAL.matcher(file.name());
      if (file.name().equals(INITIAL)) {
        grids.add(of(file, 0, 0));
      } else if (samples.matches()) {
        double kimg = Double.parseDouble(samples.group(1));
        int evaluations = Integer.parseInt(samples.group(2));
        grids.add(of(file, kimg, evaluations));
      } else if (last.matches()) {
        int evaluations = Integer.parseInt(last.group(1));
        grids.add(of(file, Double.NaN, evaluations));
      }
    }
    // NaN comes after all numbers.
    grids.sort(
        Comparator.comparingDouble(SampleGrid::kimg).thenComparingInt(SampleGrid::evaluations));
    return grids;
  }

  private static SampleGrid of(StoredFile file, double kimg, int evaluations) {
    return new SampleGrid(file.path(), file.name(), kimg, evaluations, file.length());
  }

  /** Whether it was made at the run's end. */
  public boolean isFinal() {
    return Double.isNaN(kimg);
  }
}

package dev.ect.spark.report.page;

import dev.ect.model.io.Store;
import dev.ect.spark.report.SampleGrid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The sample grids that are put into the page.
 *
 * @param frames by time
 * @param evaluations of the network per image, of all frames; rising
 * @param found how many times there are grids of
 */
record Samples(List<Frame> frames, List<Integer> evaluations, int found) {
  /** Times that are shown, and bytes of all their PNGs: keeps the page at about 12 MB. */
  private static final int MOST_TIMES = 24;

  private static final long MOST_BYTES = 8L << 20;

  /**
   * The grids of one time.
   *
   * @param kimg thousand images before them; NaN for the run's end
   * @param grids by the number of evaluations
   */
  record Frame(double kimg, Map<Integer, Picture> grids) {
    /** For people. */
    String label() {
      return Double.isNaN(kimg)
          ? "at the end"
          : kimg == 0 ? "before training" : "after " + Html.number(kimg) + " kimg";
    }

    /** Whether it is the run's end, with the same images as an earlier time. */
    private boolean shows(Frame other) {
      return Double.isNaN(kimg)
          && grids.keySet().equals(other.grids.keySet())
          && grids.keySet().stream()
              .allMatch(n -> Arrays.equals(grids.get(n).png(), other.grids.get(n).png()));
    }
  }

  /**
   * Reads grids, some times of many: evenly spread, the first and the last among them.
   *
   * @param all the run's, by kimg
   * @param notes gets a line for every one that cannot be read
   */
  static Samples read(Store store, List<SampleGrid> all, List<String> notes) {
    TreeSet<Integer> evaluations = new TreeSet<>();
    all.stream().map(SampleGrid::evaluations).filter(n -> n > 0).forEach(evaluations::add);
    int most = evaluations.isEmpty() ? 1 : evaluations.last();
    Map<Double, List<SampleGrid>> times = new TreeMap<>();
    all.forEach(grid -> times.computeIfAbsent(grid.kimg(), kimg -> new ArrayList<>()).add(grid));
    List<Frame> frames = new ArrayList<>();
    for (List<SampleGrid> time : chosen(List.copyOf(times.values()))) {
      Map<Integer, Picture> grids = new TreeMap<>();
      for (SampleGrid grid : time) {
        try {
          int n = grid.evaluations() == 0 ? most : grid.evaluations();
          grids.put(n, Picture.read(store, grid.path()));
        } catch (IOException e) {
          notes.add("left out: " + e.getMessage());
        }
      }
      if (!grids.isEmpty()) {
        frames.add(new Frame(time.get(0).kimg(), grids));
      }
    }
    int before = frames.size() - 2;
    if (before >= 0 && frames.get(before + 1).shows(frames.get(before))) {
      frames.remove(before + 1);
      times.remove(Double.NaN);
    }
    TreeSet<Integer> shown = new TreeSet<>();
    frames.forEach(frame -> shown.addAll(frame.grids().keySet()));
    return new Samples(List.copyOf(frames), List.copyOf(shown), times.size());
  }

  private static List<List<SampleGrid>> chosen(List<List<SampleGrid>> times) {
    int many = Math.min(times.size(), MOST_TIMES);
    List<List<SampleGrid>> chosen = Spread.of(times, many);
    while (many > 1 && bytes(chosen) > MOST_BYTES) {
      many--;
      chosen = Spread.of(times, many);
    }
    return chosen;
  }

  private static long bytes(List<List<SampleGrid>> times) {
    return times.stream().flatMap(List::stream).mapToLong(SampleGrid::bytes).sum();
  }
}

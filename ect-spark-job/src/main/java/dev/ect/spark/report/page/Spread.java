package dev.ect.spark.report.page;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Takes some of many, so that a page stays readable and small. */
final class Spread {
  private Spread() {}

  /**
   * Some of a list, evenly spread, the first and the last among them; the last alone of one.
   *
   * @param most how many, at most
   */
  static <T> List<T> of(List<T> all, int most) {
    if (all.size() <= most) {
      return all;
    }
    if (most == 1) {
      return List.of(all.get(all.size() - 1));
    }
    return IntStream.range(0, most)
        .mapToObj(i -> all.get((int) Math.round(i * (all.size() - 1.0) / (most - 1))))
        .toList();
  }

  /** A point of a curve. */
  record Point(double x, double y) {}

  /**
   * Points of a curve, by x: of every stretch of neighbours the least and the greatest, so that
   * peaks stay; the first and the last point too.
   *
   * @param most how many, at most; at least 8
   */
  static List<Point> extremes(List<Point> all, int most) {
    if (all.size() <= most) {
      return all;
    }
    int stretches = (most - 2) / 2;
    List<Point> kept = new ArrayList<>();
    kept.add(all.get(0));
    List<Point> inner = all.subList(1, all.size() - 1);
    for (int i = 0; i < stretches; i++) {
      int from = (int) ((long) i * inner.size() / stretches);
      int to = (int) ((i + 1L) * inner.size() / stretches);
      Point low = inner.get(from);
      Point high = low;
      for (Point p : inner.subList(from, to)) {
        low = p.y() < low.y() ? p : low;
        high = p.y() > high.y() ? p : high;
      }
      kept.add(low.x() <= high.x() ? low : high);
      if (low.x() != high.x()) {
        kept.add(low.x() <= high.x() ? high : low);
      }
    }
    kept.add(all.get(all.size() - 1));
    return kept;
  }
}

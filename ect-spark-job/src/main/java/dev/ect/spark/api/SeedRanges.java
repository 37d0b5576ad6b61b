package dev.ect.spark.api;

import dev.ect.spark.evaluation.ImageRange;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers of single images as EDM's command lines take them: {@code 0-63} or {@code 1,2,5-10}.
 *
 * @param ranges rising
 */
public record SeedRanges(List<ImageRange> ranges) {
  private static final Pattern RANGE = Pattern.compile("(\\d{1,10})(?:-(\\d{1,10}))?");

  /** Image numbers address random streams by 32 bits; a folder's file names by 31. */
  private static final long MOST = Integer.MAX_VALUE;

  /** All numbers below one. */
  static SeedRanges below(int count) {
    return new SeedRanges(List.of(new ImageRange(0, count)));
  }

  /**
   * Reads what the user has written.
   *
   * @throws IllegalArgumentException saying what was found and what was expected
   */
  public static SeedRanges of(String text) {
    List<ImageRange> ranges = new ArrayList<>();
    long after = 0;
    for (String part : text.split(",", -1)) {
      Matcher range = RANGE.matcher(part.strip());
      if (!range.matches()) {
        throw wrong(text);
      }
      long first = Long.parseLong(range.group(1));
      long last = range.group(2) == null ? first : Long.parseLong(range.group(2));
      if (first < after || last < first || last >= MOST) {
        throw wrong(text);
      }
      after = last + 1;
      ranges.add(new ImageRange(first, (int) (last - first + 1)));
    }
    return new SeedRanges(List.copyOf(ranges));
  }

  /** Number of images. */
  long count() {
    return ranges.stream().mapToLong(ImageRange::count).sum();
  }

  private static IllegalArgumentException wrong(String text) {
    return new IllegalArgumentException(
        "is " + text + "; expected rising seeds below 2^31, such as 0-63 or 1,2,5-10");
  }
}

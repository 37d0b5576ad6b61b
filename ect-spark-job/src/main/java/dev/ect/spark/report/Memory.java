package dev.ect.spark.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The resident memory of this process. */
public final class Memory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final double KIB_PER_GIB = 1 << 20;

  private Memory() {}

  /** GiB in use now; 0 where the system does not say. */
  public static double residentGib() {
    return field("VmRSS:");
  }

  /** The highest value so far, GiB; 0 where the system does not say. */
  public static double peakGib() {
    return field("VmHWM:");
  }

  /** Bytes in GiB. */
  public static double gib(long bytes) {
    return bytes / (1024 * KIB_PER_GIB);
  }

  private static double field(String name) {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(name))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / KIB_PER_GIB)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}

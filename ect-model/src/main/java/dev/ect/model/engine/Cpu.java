package dev.ect.model.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The processor of this machine. */
public final class Cpu {
  private static final Path INFO = Path.of("/proc/cpuinfo");

  private Cpu() {}

  /**
   * Whether it multiplies bfloat16 fast: with AVX-512, or ARM's instructions. Without them it gains
   * nothing. True where the system does not say.
   */
  public static boolean hasBfloat16() {
    try {
      String info = Files.readString(INFO);
      return info.contains(" avx512") || info.contains(" bf16");
    } catch (IOException e) {
      return true;
    }
  }
}

package dev.ect.spark.config;

import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.DetectorKind;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * A detector of the section {@code evaluation}.
 *
 * @param kind which one
 * @param path TorchScript file; empty for none
 * @param sha256 what its SHA-256 must be, 64 hexadecimal digits in lower case; empty for anything
 * @param trusted whether to run it without knowing its SHA-256
 * @param width features per image that it must give
 * @param reference {@code .npz} with statistics of the real images; empty for none
 */
public record DetectorConfig(
    DetectorKind kind, String path, String sha256, boolean trusted, int width, String reference) {
  /** The flag that trusts detectors whatever their content. */
  public static final String TRUST = "evaluation.trust-detectors";

  static DetectorConfig read(ConfigReader in, DetectorKind kind) {
    String section = "evaluation." + kind.id() + ".";
    boolean frechet = kind != DetectorKind.VGG16;
    return new DetectorConfig(
        kind,
        in.string(section + "path"),
        in.parsed(section + "sha256", DetectorConfig::sha256, ""),
        in.flag(TRUST),
        in.autoCount(section + "width", 1).orElse(kind.width()),
        frechet ? in.string(section + "reference") : "");
  }

  private static String sha256(String text) {
    String digits = text.toLowerCase(Locale.ROOT);
    if (!digits.matches("([0-9a-f]{64})?")) {
      throw new IllegalArgumentException(
          "sha256 is '" + text + "'; expected 64 hexadecimal digits, or nothing");
    }
    return digits;
  }

  /**
   * Checks that there is one, and that it may run: TorchScript is code, so that its SHA-256 must be
   * configured, or all detectors trusted.
   *
   * @param what needs it
   * @param problems gets a line if not
   */
  public void check(Store store, String what, List<String> problems) throws IOException {
    String key = "evaluation." + kind.id() + ".path";
    if (path.isEmpty()) {
      problems.add(
          key
              + " is empty, and "
              + what
              + " needs this detector; expected a TorchScript file: "
              + kind.published());
    } else if (!store.exists(path)) {
      problems.add(store.qualified(path) + ": no such detector (" + key + ")");
    } else if (sha256.isEmpty() && !trusted) {
      problems.add(
          path
              + ": is TorchScript, code that runs with your rights, and nothing says that you trust"
              + " it; if you do, set evaluation."
              + kind.id()
              + ".sha256="
              + Sha256.ofFile(store, path)
              + ", or "
              + TRUST
              + "=true for any (--trust-detectors)");
    }
  }
}

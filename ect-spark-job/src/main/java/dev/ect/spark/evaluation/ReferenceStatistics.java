package dev.ect.spark.evaluation;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.spark.evaluation.Detectors.Shipped;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Statistics of a dataset's images, kept between evaluations. A file is named by what it was
 * computed of, the dataset's content and the detector's, not by where those lie: it cannot go
 * stale.
 */
final class ReferenceStatistics {
  /** Part of the names; to be changed when the same images would give other features. */
  private static final String VERSION = "1";

  private static final int DIGITS = 32;

  private final Store store;
  private final String folder;
  private final DatasetIndex dataset;
  private final PrintStream out;

  /**
   * @param folder where the files are; empty for one beside the dataset
   */
  ReferenceStatistics(Store store, String folder, DatasetIndex dataset, PrintStream out) {
    this.store = store;
    this.dataset = dataset;
    this.out = out;
    this.folder =
        folder.isEmpty()
            ? Store.join(Addresses.folderOf(dataset.path()), dataset.name() + "-statistics")
            : folder;
  }

  /** Where the statistics of a detector's features are, or will be. */
  String path(String kind, Shipped detector) {
    String content = String.join(" ", VERSION, kind, detector.sha256(), dataset.contentKey());
    byte[] digest = Sha256.digest().digest(content.getBytes(StandardCharsets.UTF_8));
    return Store.join(folder, kind + "-" + Sha256.hex(digest).substring(0, DIGITS) + ".npz");
  }

  /** What was kept; empty if nothing was, or the file is damaged. */
  Optional<FeatureStatistics> read(String kind, Shipped detector) throws IOException {
    String path = path(kind, detector);
    if (!store.exists(path)) {
      return Optional.empty();
    }
    try {
      FeatureStatistics found = FeatureStatistics.read(store, path);
      return found.count() == dataset.size() && found.width() == detector.width()
          ? Optional.of(found)
          : Optional.empty();
    } catch (BadFileException e) {
      out.println("warning: " + e.getMessage() + "; it is computed again");
      return Optional.empty();
    }
  }

  /** Keeps statistics, where the folder can be written. */
  void write(String kind, Shipped detector, FeatureStatistics statistics) {
    String path = path(kind, detector);
    try {
      Reference.write(store, path, statistics, detector.sha256(), dataset.contentKey());
    } catch (IOException e) {
      out.println(
          "warning: the statistics of the real images are not kept: "
              + e.getMessage()
              + "; evaluation.cache names another folder");
    }
  }
}

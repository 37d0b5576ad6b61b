package dev.ect.spark.training;

import dev.ect.model.dataset.ImageReader;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.model.tuning.Progress;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/**
 * What a run says of itself at its start.
 *
 * @param start how far it has come already
 * @param origin what it starts from, where that is to be brought into its directory
 * @param configuration text to keep in the run directory
 */
record Introduction(
    Store store, RunPlan plan, Progress start, Optional<Origin> origin, String configuration) {

  /** Says it, and writes configuration and real images where the run begins. */
  void write(boolean isNew, Journal journal) throws IOException {
    if (isNew || origin.isPresent() || start.step() == 0) {
      plan.directory().write(store, "configuration.conf", configuration);
      writeRealImages();
      journal.line("run directory " + plan.directory().path());
    }
    if (start.step() > 0) {
      journal.line(
          "going on "
              + (origin.isPresent()
                  ? "from " + Addresses.withoutSecrets(origin.get().path())
                  : "in " + plan.directory().path())
              + " after step "
              + start.step()
              + String.format(Locale.ROOT, " (%.1f kimg)", start.images() / 1000.0));
    }
  }

  private void writeRealImages() throws IOException {
    byte[][] real = new byte[plan.grid().images().length][];
    try (ImageReader reader = new ImageReader(store, plan.index())) {
      for (int i = 0; i < real.length; i++) {
        real[i] = reader.read(plan.grid().images()[i]);
      }
    }
    ImageGrid.write(
        store,
        plan.directory().file("data.png"),
        real,
        plan.index().shape(),
        plan.grid().columns(),
        Saver.scale(plan.index().shape()));
  }
}

package dev.ect.spark.training;

import dev.ect.model.io.Store;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;

/**
 * Asks a run to stop, by the file in its directory that the replicas look for. A wish that comes
 * before there is a directory is not lost. Safe for use by several threads.
 */
final class StopSwitch {
  private final Store store;
  private RunDirectory directory;
  private boolean pressed;

  StopSwitch(Store store) {
    this.store = store;
  }

  /** The run begins: what asked an earlier one in the directory to stop is forgotten. */
  synchronized void begin(RunDirectory place) throws IOException {
    directory = place;
    store.delete(place.stopFile());
    if (pressed) {
      press();
    }
  }

  /** Asks the run to stop. */
  synchronized void press() throws IOException {
    pressed = true;
    if (directory != null) {
      store.write(directory.stopFile(), file -> {});
    }
  }

  /** The run has stopped. */
  synchronized void release() throws IOException {
    pressed = false;
    store.delete(directory.stopFile());
  }
}

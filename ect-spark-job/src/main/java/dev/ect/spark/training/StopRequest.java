package dev.ect.spark.training;

import dev.ect.model.io.Store;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks now and then whether the stop file is there. */
final class StopRequest {
  private static final Logger LOG = LoggerFactory.getLogger(StopRequest.class);
  private static final long INTERVAL = Duration.ofSeconds(1).toNanos();

  private final Store store;
  private final String file;
  private long looked;
  private boolean asked;
  private boolean first = true;
  private boolean failed;

  StopRequest(Store store, String file) {
    this.store = store;
    this.file = file;
  }

  /** Whether the run is to stop; looks at most once a second, and the first time at once. */
  boolean asked() {
    long now = System.nanoTime();
    if (!asked && (first || now - looked >= INTERVAL)) {
      first = false;
      looked = now;
      try {
        asked = store.exists(file);
      } catch (IOException e) {
        // A file system out of reach for a moment must not end a run.
        if (!failed) {
          LOG.warn("cannot look for {}, going on: {}", file, e.toString());
        }
        failed = true;
      }
    }
    return asked;
  }
}

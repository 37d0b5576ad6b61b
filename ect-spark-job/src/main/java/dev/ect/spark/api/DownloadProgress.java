package dev.ect.spark.api;

import dev.ect.spark.data.DownloadListener;
import dev.ect.spark.report.ProgressBar;
import java.util.Locale;

/** Shows downloads on standard error. */
public final class DownloadProgress implements DownloadListener {
  private static final double MB = 1e6;

  private ProgressBar bar;
  private String shown = "";

  @Override
  public synchronized void progress(String name, long done, long total) {
    if (!name.equals(shown)) {
      shown = name;
      bar = new ProgressBar(ProgressBar.terminal(), System.err, Math.max(total, 1));
      System.err.println("downloading " + name);
    }
    String text =
        total < 0
            ? String.format(Locale.ROOT, "%s  %.1f MB", name, done / MB)
            : String.format(Locale.ROOT, "%s  %.1f/%.1f MB", name, done / MB, total / MB);
    bar.show(total < 0 ? 0 : done, text);
    if (done == total) {
      bar.clear();
    }
  }
}

package dev.ect.spark.data;

/** Told how a download comes on. */
@FunctionalInterface
public interface DownloadListener {
  /** Tells nobody. */
  DownloadListener NONE = (name, done, total) -> {};

  /**
   * @param name the address without its secrets
   * @param done bytes so far
   * @param total bytes of the file; -1 where the server does not say
   */
  void progress(String name, long done, long total);
}

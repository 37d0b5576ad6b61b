package dev.ect.spark.config;

import java.io.Serializable;

/**
 * The section {@code data}.
 *
 * @param path an EDM dataset
 * @param cond whether the network learns the class labels
 * @param xflip whether to add mirrored copies
 * @param maxSize largest number of images; 0 for all
 * @param virtualShards parts of the dataset, each with its own shuffle
 * @param cacheMib MiB of decoded images that an executor keeps
 * @param threads of an executor that prepare batches; 0 for its cores, at most 8
 * @param prefetch batches prepared ahead of the step
 */
public record DataConfig(
    String path,
    boolean cond,
    boolean xflip,
    int maxSize,
    int virtualShards,
    int cacheMib,
    int threads,
    int prefetch)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  static DataConfig read(ConfigReader in) {
    return new DataConfig(
        in.string("data.path"),
        in.flag("data.cond"),
        in.flag("data.xflip"),
        in.count("data.max-size", 0),
        in.count("data.virtual-shards", 1),
        in.count("data.cache-mib", 0),
        in.autoCount("data.threads", 1).orElse(0),
        in.count("data.prefetch", 1));
  }
}

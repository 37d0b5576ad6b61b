package dev.ect.spark.config;

import dev.ect.model.dataset.AugmentationDraw;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.NetworkSpec;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code network}; what is empty follows from the architecture.
 *
 * @param arch architecture
 * @param modelChannels base number of channels
 * @param channelMult channels of each level as multiples of modelChannels
 * @param channelMultEmb width of the embedding as a multiple of modelChannels
 * @param numBlocks residual blocks per level
 * @param attnResolutions resolutions (pixels) with self-attention
 */
public record NetworkConfig(
    Architecture arch,
    Optional<Integer> modelChannels,
    Optional<List<Integer>> channelMult,
    Optional<Integer> channelMultEmb,
    Optional<Integer> numBlocks,
    Optional<List<Integer>> attnResolutions) {
  static NetworkConfig read(ConfigReader in) {
    return new NetworkConfig(
        in.parsed("network.arch", Architecture::of, Architecture.DDPMPP),
        in.autoCount("network.model-channels", 4),
        in.autoCounts("network.channel-mult"),
        in.autoCount("network.channel-mult-emb", 1),
        in.autoCount("network.num-blocks", 1),
        in.autoCounts("network.attn-resolutions"));
  }

  /**
   * The network for a dataset.
   *
   * @param resolution height and width of the images
   * @param channels 1 or 3
   * @param labelDim width of the class labels; 0 for an unconditional network
   * @throws UserError if the parts do not fit together
   */
  public NetworkSpec spec(int resolution, int channels, int labelDim, ObjectiveConfig objective) {
    NetworkSpec usual = NetworkSpec.of(arch, resolution, channels, 0);
    try {
      return new NetworkSpec(
          arch,
          resolution,
          channels,
          labelDim,
          objective.augment() > 0 ? AugmentationDraw.LABELS : 0,
          modelChannels.orElse(usual.modelChannels()),
          channelMult.orElse(usual.channelMult()),
          channelMultEmb.orElse(usual.channelMultEmb()),
          numBlocks.orElse(usual.numBlocks()),
          attnResolutions.orElse(usual.attnResolutions()),
          objective.dropout(),
          objective.labelDropout());
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }
}

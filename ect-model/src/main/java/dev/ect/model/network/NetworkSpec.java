package dev.ect.model.network;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a network is built from; written into every checkpoint as JSON.
 *
 * @param arch architecture
 * @param imgResolution height and width of the images, in pixels
 * @param imgChannels 1 (grey) or 3 (RGB)
 * @param labelDim width of the class label vector; 0 for an unconditional network
 * @param augmentDim width of the augmentation label vector; 0 for none, 9 for EDM's augmentation
 * @param modelChannels base number of channels
 * @param channelMult channels of each level, as multiples of modelChannels
 * @param channelMultEmb width of the embedding, as a multiple of modelChannels
 * @param numBlocks residual blocks per level
 * @param attnResolutions resolutions (pixels) whose blocks have self-attention
 * @param dropout probability with which an activation is dropped, in [0, 1)
 * @param labelDropout probability with which the class label of a training image is replaced by
 *     zeros, in [0, 1)
 */
public record NetworkSpec(
    Architecture arch,
    int imgResolution,
    int imgChannels,
    int labelDim,
    int augmentDim,
    int modelChannels,
    List<Integer> channelMult,
    int channelMultEmb,
    int numBlocks,
    List<Integer> attnResolutions,
    double dropout,
    double labelDropout) {

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

  /** Far beyond any network, so that sizes computed from a file's claims stay within int. */
  private static final int MOST_PIXELS = 1 << 14;

  private static final int MOST_LEVELS = 12;
  private static final int MOST_BLOCKS = 1 << 10;
  private static final int MOST_CHANNELS = 1 << 20;
  private static final int MOST_LABELS = 1 << 24;

  /**
   * @throws IllegalArgumentException listing everything that is wrong
   */
  public NetworkSpec {
    channelMult = List.copyOf(channelMult);
    attnResolutions = List.copyOf(attnResolutions);
    List<String> problems = new ArrayList<>();
    require(
        problems,
        within(imgResolution, 1, MOST_PIXELS),
        "img_resolution",
        imgResolution,
        "1 to " + MOST_PIXELS);
    require(problems, imgChannels == 1 || imgChannels == 3, "img_channels", imgChannels, "1 or 3");
    require(
        problems, within(labelDim, 0, MOST_LABELS), "label_dim", labelDim, "0 to " + MOST_LABELS);
    require(
        problems,
        within(augmentDim, 0, MOST_LABELS),
        "augment_dim",
        augmentDim,
        "0 to " + MOST_LABELS);
    require(
        problems,
        within(modelChannels, 4, MOST_CHANNELS) && modelChannels % 4 == 0,
        "model_channels",
        modelChannels,
        "a multiple of 4 up to " + MOST_CHANNELS);
    require(
        problems,
        within(channelMult.size(), 1, MOST_LEVELS)
            && channelMult.stream().allMatch(m -> within(m, 1, MOST_CHANNELS)),
        "channel_mult",
        channelMult.size() > MOST_LEVELS ? "of " + channelMult.size() + " levels" : channelMult,
        "one positive multiple for each of at most " + MOST_LEVELS + " levels");
    require(
        problems,
        attnResolutions.size() <= MOST_LEVELS,
        "attn_resolutions",
        "of " + attnResolutions.size() + " levels",
        "at most " + MOST_LEVELS);
    require(
        problems,
        within(channelMultEmb, 1, MOST_CHANNELS),
        "channel_mult_emb",
        channelMultEmb,
        "1 to " + MOST_CHANNELS);
    require(
        problems,
        within(numBlocks, 1, MOST_BLOCKS),
        "num_blocks",
        numBlocks,
        "1 to " + MOST_BLOCKS);
    require(
        problems, dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and less than 1");
    require(
        problems,
        labelDropout >= 0 && labelDropout < 1,
        "label_dropout",
        labelDropout,
        "at least 0 and less than 1");
    if (problems.isEmpty()) {
      long widest = Math.max(Collections.max(channelMult), channelMultEmb);
      require(
          problems,
          widest * modelChannels <= MOST_CHANNELS,
          "model_channels",
          modelChannels,
          "at most " + MOST_CHANNELS / widest + " with multiples of up to " + widest);
      int halvings = channelMult.size() - 1;
      require(
          problems,
          imgResolution >> halvings << halvings == imgResolution,
          "img_resolution",
          imgResolution,
          "a multiple of " + (1 << halvings) + " for " + channelMult.size() + " levels");
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException("network: " + String.join("; ", problems));
    }
  }

  private static boolean within(int value, int least, int most) {
    return value >= least && value <= most;
  }

  private static void require(
      List<String> problems, boolean holds, String name, Object found, String expected) {
    if (!holds) {
      problems.add(name + " is " + found + "; expected " + expected);
    }
  }

  /**
   * The architecture's usual setting: CIFAR-10's for {@code ddpmpp} and {@code ncsnpp}, ImageNet
   * 64's for {@code adm}.
   */
  public static NetworkSpec of(
      Architecture arch, int imgResolution, int imgChannels, int labelDim) {
    return arch == Architecture.ADM
        ? new NetworkSpec(
            arch,
            imgResolution,
            imgChannels,
            labelDim,
            0,
            192,
            List.of(1, 2, 3, 4),
            4,
            3,
            List.of(32, 16, 8),
            0.1,
            0)
        : new NetworkSpec(
            arch,
            imgResolution,
            imgChannels,
            labelDim,
            0,
            128,
            List.of(2, 2, 2),
            4,
            4,
            List.of(16),
            0.13,
            0);
  }

  /** Width of the embedding that conditions every block. */
  @JsonIgnore
  public int embeddingChannels() {
    return modelChannels * channelMultEmb;
  }

  /** Number of values in one image. */
  @JsonIgnore
  public int imageSize() {
    return imgChannels * imgResolution * imgResolution;
  }

  /** As JSON on one line, with the names that the constructor arguments have in PyTorch. */
  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + this, e);
    }
  }

  /**
   * The inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or wrong
   */
  public static NetworkSpec fromJson(String json) {
    try {
      NetworkSpec spec = JSON.readValue(json, NetworkSpec.class);
      if (spec == null) {
        throw new IllegalArgumentException("network specification is null; expected an object");
      }
      return spec;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("network specification: " + e.getOriginalMessage(), e);
    }
  }
}

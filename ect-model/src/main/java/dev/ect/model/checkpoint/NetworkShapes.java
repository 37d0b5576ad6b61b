package dev.ect.model.checkpoint;

import dev.ect.model.io.BadFileException;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.NetworkSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds out from the names and shapes of its tensors which network they belong to, where a file
 * does not say. What leaves no trace in them, dropout, is 0.
 */
final class NetworkShapes {
  private static final Pattern FIRST =
      Pattern.compile("model\\.enc\\.([1-9]\\d{0,4})x\\1_conv\\.weight");

  private final String path;
  private final Map<String, TensorInfo> tensors;

  private NetworkShapes(String path, Map<String, TensorInfo> tensors) {
    this.path = path;
    this.tensors = tensors;
  }

  /**
   * The specification.
   *
   * @param path the file, for messages
   * @throws BadFileException if these are not the tensors of one of the architectures
   */
  static NetworkSpec infer(String path, Map<String, TensorInfo> tensors) throws IOException {
    return new NetworkShapes(path, tensors).spec();
  }

  private NetworkSpec spec() throws IOException {
    String first =
        tensors.keySet().stream()
            .filter(name -> FIRST.matcher(name).matches())
            .findFirst()
            .orElseThrow(() -> unknown("it has no model.enc.<size>x<size>_conv.weight"));
    Matcher matcher = FIRST.matcher(first);
    matcher.matches();
    int resolution = Integer.parseInt(matcher.group(1));
    long[] layer0 = shape("model.map_layer0.weight", 2);
    Architecture arch = architecture();
    long modelChannels = arch == Architecture.NCSNPP ? layer0[1] / 2 : layer0[1];
    if (modelChannels < 1) {
      throw unknown("model.map_layer0.weight has no input");
    }
    List<Integer> channelMult = new ArrayList<>();
    List<Integer> attnResolutions = new ArrayList<>();
    int size = resolution;
    for (; size > 0 && has(block(size, 0) + ".conv1.weight"); size /= 2) {
      channelMult.add(whole(shape(block(size, 0) + ".conv1.weight", 4)[0] / modelChannels));
      if (has(block(size, 0) + ".qkv.weight")) {
        attnResolutions.add(size);
      }
    }
    int numBlocks = 0;
    while (has(block(resolution, numBlocks) + ".conv1.weight")) {
      numBlocks++;
    }
    try {
      return new NetworkSpec(
          arch,
          resolution,
          whole(shape(first, 4)[1]),
          inputs("model.map_label.weight"),
          inputs("model.map_augment.weight"),
          whole(modelChannels),
          channelMult,
          whole(layer0[0] / modelChannels),
          numBlocks,
          attnResolutions,
          0,
          0);
    } catch (IllegalArgumentException e) {
      throw unknown(e.getMessage());
    }
  }

  private Architecture architecture() {
    if (has("model.out_conv.weight")) {
      return Architecture.ADM;
    }
    return has("model.map_noise.freqs") ? Architecture.NCSNPP : Architecture.DDPMPP;
  }

  private static String block(int size, int number) {
    return "model.enc." + size + "x" + size + "_block" + number;
  }

  private boolean has(String name) {
    return tensors.containsKey(name);
  }

  private long[] shape(String name, int axes) throws IOException {
    TensorInfo info = tensors.get(name);
    if (info == null || info.shape().length != axes) {
      throw unknown(info == null ? "it has no " + name : info + " does not have " + axes + " axes");
    }
    return info.shape();
  }

  /** One that is far too large stays so. */
  private static int whole(long size) {
    return (int) Math.min(size, Integer.MAX_VALUE);
  }

  /** Width that a linear layer takes; 0 where there is no such layer. */
  private int inputs(String name) throws IOException {
    return has(name) ? whole(shape(name, 2)[1]) : 0;
  }

  private BadFileException unknown(String reason) {
    return new BadFileException(
        path,
        "its tensors are not those of a ddpmpp, ncsnpp or adm network under PyTorch's names: "
            + reason);
  }
}

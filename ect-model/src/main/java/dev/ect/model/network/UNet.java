package dev.ect.model.network;

import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the architectures share: an encoder and a decoder of {@link UNetBlock}s, every encoder
 * output being handed to the decoder.
 */
abstract class UNet implements Network {
  private static final int PARAMETERS = 0;
  private static final int BUFFERS = 1;

  private final NetworkSpec spec;
  private final UNetSettings settings;
  private final ParameterList parameters;
  private final ParameterList buffers;
  private final ParameterLayout parameterLayout;
  private final ParameterLayout bufferLayout;
  private final String firstConv;
  private final List<UNetBlock> encoder = new ArrayList<>();
  private final List<String> residuals = new ArrayList<>();
  private final List<UNetBlock> decoder = new ArrayList<>();

  /**
   * @param parameters holds those of the embedding; receives the rest
   * @param buffers the constant tensors
   */
  UNet(NetworkSpec spec, UNetSettings settings, ParameterList parameters, ParameterList buffers) {
    this.spec = spec;
    this.settings = settings;
    this.parameters = parameters;
    this.buffers = buffers;
    this.firstConv = "model.enc." + level(0) + "_conv";
    List<Integer> widths = buildEncoder();
    int last = buildDecoder(widths);
    parameters.norm(settings.outNorm(), last);
    parameters.conv(settings.outConv(), last, spec.imgChannels(), 3, settings.initLast());
    this.parameterLayout = parameters.layout();
    this.bufferLayout = buffers.layout();
  }

  private int resolution(int level) {
    return spec.imgResolution() >> level;
  }

  private String level(int level) {
    return resolution(level) + "x" + resolution(level);
  }

  private boolean attends(int level) {
    return spec.attnResolutions().contains(resolution(level));
  }

  private UNetBlock block(String name, int in, int out, Resampling resampling, boolean attention) {
    int number = encoder.size() + decoder.size();
    return new UNetBlock(
        "model." + name, number, in, out, resampling, attention, spec, settings, parameters);
  }

  /** Gives the width of every encoder output. */
  private List<Integer> buildEncoder() {
    List<Integer> widths = new ArrayList<>();
    int width = settings.firstChannels();
    int inputWidth = spec.imgChannels();
    parameters.conv(firstConv, inputWidth, width, 3, settings.init());
    widths.add(width);
    for (int level = 0; level < spec.channelMult().size(); level++) {
      String name = "enc." + level(level);
      if (level > 0) {
        encoder.add(block(name + "_down", width, width, Resampling.DOWN, false));
        widths.add(width);
        if (settings.residualInput()) {
          residuals.add("model." + name + "_aux_residual");
          parameters.conv("model." + name + "_aux_residual", inputWidth, width, 3, settings.init());
          inputWidth = width;
        }
      }
      for (int i = 0; i < spec.numBlocks(); i++) {
        int in = width;
        width = spec.modelChannels() * spec.channelMult().get(level);
        encoder.add(block(name + "_block" + i, in, width, Resampling.NONE, attends(level)));
        widths.add(width);
      }
    }
    return widths;
  }

  /** Gives the width of the last output. */
  private int buildDecoder(List<Integer> skipWidths) {
    int skips = skipWidths.size();
    int width = skipWidths.get(skips - 1);
    int lowest = spec.channelMult().size() - 1;
    for (int level = lowest; level >= 0; level--) {
      String name = "dec." + level(level);
      if (level == lowest) {
        decoder.add(block(name + "_in0", width, width, Resampling.NONE, true));
        decoder.add(block(name + "_in1", width, width, Resampling.NONE, false));
      } else {
        decoder.add(block(name + "_up", width, width, Resampling.UP, false));
      }
      for (int i = 0; i <= spec.numBlocks(); i++) {
        int in = width + skipWidths.get(--skips);
        width = spec.modelChannels() * spec.channelMult().get(level);
        boolean attention =
            attends(level) && (settings.attentionThroughoutDecoder() || i == spec.numBlocks());
        decoder.add(block(name + "_block" + i, in, width, Resampling.NONE, attention));
      }
    }
    return width;
  }

  @Override
  public NetworkSpec spec() {
    return spec;
  }

  @Override
  public ParameterLayout parameters() {
    return parameterLayout;
  }

  @Override
  public ParameterLayout buffers() {
    return bufferLayout;
  }

  @Override
  public Map<String, float[]> resampleFilters() {
    Map<String, float[]> filters = new LinkedHashMap<>();
    Stream.concat(encoder.stream(), decoder.stream())
        .filter(block -> block.resampling() != Resampling.NONE)
        .flatMap(block -> Stream.of(block.name() + ".conv0", block.name() + ".skip"))
        .forEach(layer -> filters.put(layer + ".resample_filter", squareFilter()));
    residuals.forEach(layer -> filters.put(layer + ".resample_filter", squareFilter()));
    return filters;
  }

  /** The filter in both directions, normalised to the sum 1. */
  private float[] squareFilter() {
    double[] filter = settings.filter();
    double sum = Arrays.stream(filter).sum();
    float[] square = new float[filter.length * filter.length];
    for (int i = 0; i < square.length; i++) {
      square[i] = (float) (filter[i / filter.length] * filter[i % filter.length] / (sum * sum));
    }
    return square;
  }

  @Override
  public float[] initialParameters(long seed) {
    return parameters.draw(seed, PARAMETERS);
  }

  @Override
  public float[] initialBuffers(long seed) {
    return buffers.draw(seed, BUFFERS);
  }

  @Override
  public Tensor forward(
      Tape tape,
      Weights weights,
      float[] bufferValues,
      Tensor x,
      double[] cNoise,
      Conditioning conditioning,
      Dropout dropout) {
    check(x, cNoise, bufferValues, conditioning);
    Pass pass = new Pass(tape, weights, dropout);
    try (Tape.Frame frame = tape.frame()) {
      Tensor emb = embed(pass, cNoise, bufferValues, conditioning);
      Deque<Tensor> skips = encode(pass, x, emb);
      Tensor y = decode(pass, skips, emb);
      Tensor z = pass.then(y, pass.norm(settings.outNorm(), y, null, settings.eps(), true));
      return frame.keep(pass.conv(settings.outConv(), z, 1));
    }
  }

  /**
   * The embedding that conditions every block, SiLU included.
   *
   * @param conditioning fits the specification
   * @return {@code [N, E]}
   */
  abstract Tensor embed(
      Pass pass, double[] cNoise, float[] bufferValues, Conditioning conditioning);

  /** Gives every output of the encoder, the last one on top. */
  private Deque<Tensor> encode(Pass pass, Tensor x, Tensor emb) {
    Deque<Tensor> skips = new ArrayDeque<>();
    skips.push(pass.conv(firstConv, x, 1));
    Tensor aux = x;
    int downs = 0;
    for (UNetBlock block : encoder) {
      Tensor h = block.forward(pass, skips.element(), emb);
      if (settings.residualInput() && block.resampling() == Resampling.DOWN) {
        h = pass.then(h, residual(pass, residuals.get(downs++), aux, h));
        aux = h;
      }
      skips.push(h);
    }
    return skips;
  }

  /**
   * {@code (h + conv(aux)) / sqrt(2)}, the convolution being followed by downsampling and padded
   * for both at once. Its bias comes before the filter, which leaves a constant as it is: it sums
   * to 1 and meets no padding.
   */
  private Tensor residual(Pass pass, String name, Tensor aux, Tensor h) {
    double[] filter = settings.filter();
    try (Tape.Frame frame = pass.tape().frame()) {
      Tensor r = pass.conv(name, aux, 1 + (filter.length - 1) / 2);
      r = pass.then(r, pass.tape().downsample(r, filter, 0, 1));
      return frame.keep(pass.tape().addScaled(h, r, Math.sqrt(0.5)));
    }
  }

  private Tensor decode(Pass pass, Deque<Tensor> skips, Tensor emb) {
    Tensor h = skips.element();
    for (UNetBlock block : decoder) {
      if (h.size(1) != block.in()) {
        Tensor skip = skips.pop();
        Tensor both = pass.then(h, pass.tape().concatChannels(h, skip));
        pass.tape().release(skip);
        h = both;
      }
      Tensor y = block.forward(pass, h, emb);
      // The encoder's last output is still wanted as a skip.
      h = h == skips.peek() ? y : pass.then(h, y);
    }
    return h;
  }

  private void check(Tensor x, double[] cNoise, float[] bufferValues, Conditioning conditioning) {
    long[] expected = {
      cNoise.length, spec.imgChannels(), spec.imgResolution(), spec.imgResolution()
    };
    if (!Arrays.equals(x.shape(), expected)) {
      throw new IllegalArgumentException(
          "network: images have shape "
              + Arrays.toString(x.shape())
              + " with "
              + cNoise.length
              + " noise levels; expected "
              + Arrays.toString(expected));
    }
    if (bufferValues.length != bufferLayout.size()) {
      throw new IllegalArgumentException(
          "network: found "
              + bufferValues.length
              + " buffer values; expected "
              + bufferLayout.size());
    }
    check("class", conditioning.classLabels(), spec.labelDim(), cNoise.length);
    check("augmentation", conditioning.augmentLabels(), spec.augmentDim(), cNoise.length);
  }

  private static void check(String kind, float[][] labels, int width, int images) {
    if (labels == null) {
      return;
    }
    if (labels.length != images) {
      throw new IllegalArgumentException(
          "network: found " + kind + " labels of " + labels.length + " images; expected " + images);
    }
    for (float[] label : labels) {
      if (label.length != width) {
        throw new IllegalArgumentException(
            "network: found a " + kind + " label of width " + label.length + "; expected " + width);
      }
    }
  }
}

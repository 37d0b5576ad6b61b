package dev.ect.model.network;

import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;

/**
 * DDPM++ and NCSN++ (Song et al., arXiv 2011.13456) as reimplemented for EDM (Karras et al., arXiv
 * 2206.00364).
 */
public final class SongUNet extends UNet {
  private static final String FREQUENCIES = "model.map_noise.freqs";
  private static final double FREQUENCY_DEVIATION = 0.02;
  private static final Initialisation INIT = xavier(1);

  private final boolean fourier;

  /**
   * @param spec of architecture ddpmpp or ncsnpp
   * @throws IllegalArgumentException if the widths do not divide into groups
   */
  public SongUNet(NetworkSpec spec) {
    super(spec, settings(spec), embeddingParameters(spec), buffers(spec));
    this.fourier = isFourier(spec);
  }

  private static boolean isFourier(NetworkSpec spec) {
    return spec.arch() == Architecture.NCSNPP;
  }

  private static Initialisation xavier(double gain) {
    return new Initialisation(Initialisation.Distribution.XAVIER_UNIFORM, gain, 0);
  }

  private static UNetSettings settings(NetworkSpec spec) {
    boolean ncsnpp = isFourier(spec);
    String last = "model.dec." + spec.imgResolution() + "x" + spec.imgResolution();
    return new UNetSettings(
        spec.modelChannels(),
        ncsnpp ? new double[] {1, 3, 3, 1} : new double[] {1, 1},
        1e-6,
        Math.sqrt(0.5),
        false,
        true,
        0,
        false,
        ncsnpp,
        last + "_aux_norm",
        last + "_aux_conv",
        INIT,
        xavier(1e-5),
        xavier(Math.sqrt(0.2)));
  }

  private static int noiseChannels(NetworkSpec spec) {
    return isFourier(spec) ? 2 * spec.modelChannels() : spec.modelChannels();
  }

  private static ParameterList embeddingParameters(NetworkSpec spec) {
    ParameterList list = new ParameterList();
    int noise = noiseChannels(spec);
    int width = spec.embeddingChannels();
    if (spec.labelDim() > 0) {
      list.linear("model.map_label", spec.labelDim(), noise, true, INIT);
    }
    if (spec.augmentDim() > 0) {
      list.linear("model.map_augment", spec.augmentDim(), noise, false, INIT);
    }
    list.linear("model.map_layer0", noise, width, true, INIT);
    list.linear("model.map_layer1", width, width, true, INIT);
    return list;
  }

  static ParameterList buffers(NetworkSpec spec) {
    ParameterList list = new ParameterList();
    if (isFourier(spec)) {
      list.add(FREQUENCIES, Initialisation.normal(FREQUENCY_DEVIATION), noiseChannels(spec) / 2);
    }
    return list;
  }

  @Override
  Tensor embed(Pass pass, double[] cNoise, float[] bufferValues, Conditioning conditioning) {
    Tape tape = pass.tape();
    try (Tape.Frame frame = tape.frame()) {
      double[] frequencies =
          fourier
              ? fourierFrequencies(bufferValues)
              : Embeddings.positional(noiseChannels(spec()) / 2, true);
      Tensor e = Embeddings.waves(tape, cNoise, frequencies, true);
      int labelDim = spec().labelDim();
      if (labelDim > 0) {
        // map_label has a bias, so the zero vector that stands for absent labels does add
        // something.
        float[][] given = conditioning.classLabels();
        float[][] labels = given == null ? new float[cNoise.length][labelDim] : given;
        e = Embeddings.plus(pass, e, "model.map_label", labels, Math.sqrt(labelDim));
      }
      if (spec().augmentDim() > 0 && conditioning.augmentLabels() != null) {
        e = Embeddings.plus(pass, e, "model.map_augment", conditioning.augmentLabels(), 1);
      }
      e = tape.silu(pass.linear("model.map_layer0", e));
      return frame.keep(tape.silu(pass.linear("model.map_layer1", e)));
    }
  }

  private static double[] fourierFrequencies(float[] bufferValues) {
    double[] frequencies = new double[bufferValues.length];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = 2 * Math.PI * bufferValues[i];
    }
    return frequencies;
  }
}

package dev.ect.model.network;

import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;

/**
 * ADM (Dhariwal and Nichol, arXiv 2105.05233) as reimplemented for EDM (Karras et al., arXiv
 * 2206.00364).
 */
public final class DhariwalUNet extends UNet {
  private static final int CHANNELS_PER_HEAD = 64;
  private static final Initialisation INIT = kaiming(Math.sqrt(1.0 / 3));
  private static final Initialisation ZERO = kaiming(0);

  /**
   * @param spec of architecture adm
   * @throws IllegalArgumentException if the widths do not divide into groups or heads
   */
  public DhariwalUNet(NetworkSpec spec) {
    super(spec, settings(spec), embeddingParameters(spec), new ParameterList());
  }

  private static Initialisation kaiming(double gain) {
    return new Initialisation(Initialisation.Distribution.KAIMING_UNIFORM, gain, gain);
  }

  private static UNetSettings settings(NetworkSpec spec) {
    return new UNetSettings(
        spec.modelChannels() * spec.channelMult().get(0),
        new double[] {1, 1},
        1e-5,
        1,
        true,
        false,
        CHANNELS_PER_HEAD,
        true,
        false,
        "model.out_norm",
        "model.out_conv",
        INIT,
        ZERO,
        INIT);
  }

  private static ParameterList embeddingParameters(NetworkSpec spec) {
    ParameterList list = new ParameterList();
    int width = spec.embeddingChannels();
    if (spec.augmentDim() > 0) {
      list.linear("model.map_augment", spec.augmentDim(), spec.modelChannels(), false, ZERO);
    }
    list.linear("model.map_layer0", spec.modelChannels(), width, true, INIT);
    list.linear("model.map_layer1", width, width, true, INIT);
    if (spec.labelDim() > 0) {
      Initialisation normal =
          new Initialisation(
              Initialisation.Distribution.KAIMING_NORMAL, Math.sqrt(spec.labelDim()), 0);
      list.linear("model.map_label", spec.labelDim(), width, false, normal);
    }
    return list;
  }

  @Override
  Tensor embed(Pass pass, double[] cNoise, float[] bufferValues, Conditioning conditioning) {
    Tape tape = pass.tape();
    try (Tape.Frame frame = tape.frame()) {
      Tensor e =
          Embeddings.waves(
              tape, cNoise, Embeddings.positional(spec().modelChannels() / 2, false), false);
      if (spec().augmentDim() > 0 && conditioning.augmentLabels() != null) {
        e = Embeddings.plus(pass, e, "model.map_augment", conditioning.augmentLabels(), 1);
      }
      e = tape.silu(pass.linear("model.map_layer0", e));
      e = pass.linear("model.map_layer1", e);
      // Without bias, the zero vector that stands for absent labels adds nothing.
      if (spec().labelDim() > 0 && conditioning.classLabels() != null) {
        e = Embeddings.plus(pass, e, "model.map_label", conditioning.classLabels(), 1);
      }
      return frame.keep(tape.silu(e));
    }
  }
}

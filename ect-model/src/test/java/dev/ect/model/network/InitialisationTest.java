package dev.ect.model.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class InitialisationTest {
  private static final long SEED = 3;

  private static NetworkSpec spec(Architecture arch) {
    return new NetworkSpec(arch, 16, 3, 10, 9, 64, List.of(1, 2), 4, 1, List.of(16, 8), 0, 0);
  }

  /** A network and what it starts from. */
  private record Drawn(Network network, float[] parameters) {
    static Drawn of(NetworkSpec spec) {
      Network network = Network.of(spec);
      return new Drawn(network, network.initialParameters(SEED));
    }
  }

  private static float[] draw(Drawn drawn, String name) {
    ParameterLayout.Entry e = drawn.network().parameters().entry("model." + name);
    int from = Math.toIntExact(e.offset());
    return Arrays.copyOfRange(drawn.parameters(), from, from + Math.toIntExact(e.elements()));
  }

  /** Uniform in +-bound: nothing beyond, something close, and the right mean and variance. */
  private static void assertUniform(Drawn network, String name, double bound) {
    float[] values = draw(network, name);
    double largest = 0;
    for (float v : values) {
      largest = Math.max(largest, Math.abs(v));
    }
    assertTrue(largest <= bound * (1 + 1e-6), name + " reaches " + largest + " beyond " + bound);
    assertTrue(
        largest > bound * (1 - 20.0 / values.length),
        name + " reaches only " + largest + " of " + bound);
    assertMoments(name, values, bound / Math.sqrt(3));
  }

  private static void assertMoments(String name, float[] values, double deviation) {
    double sum = 0;
    double squares = 0;
    for (float v : values) {
      sum += v;
      squares += (double) v * v;
    }
    int n = values.length;
    assertEquals(0, sum / n, 5 * deviation / Math.sqrt(n), name + " mean");
    assertEquals(
        deviation, Math.sqrt(squares / n), 5 * deviation / Math.sqrt(n), name + " deviation");
  }

  private static void assertConstant(Drawn network, String name, float value) {
    for (float v : draw(network, name)) {
      assertEquals(value, v, name);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Architecture.class,
      names = {"DDPMPP", "NCSNPP"})
  void songUNetIsXavierUniform(Architecture arch) {
    Drawn network = Drawn.of(spec(arch));
    int noise = arch == Architecture.NCSNPP ? 128 : 64;
    assertUniform(network, "map_label.weight", Math.sqrt(6.0 / (10 + noise)));
    assertUniform(network, "map_augment.weight", Math.sqrt(6.0 / (9 + noise)));
    assertUniform(network, "map_layer0.weight", Math.sqrt(6.0 / (noise + 256)));
    assertUniform(network, "enc.16x16_conv.weight", Math.sqrt(6.0 / ((3 + 64) * 9)));
    assertUniform(network, "enc.8x8_block0.conv0.weight", Math.sqrt(6.0 / ((64 + 128) * 9)));
    assertUniform(
        network, "enc.8x8_block0.conv1.weight", 1e-5 * Math.sqrt(6.0 / ((128 + 128) * 9)));
    assertUniform(network, "enc.8x8_block0.affine.weight", Math.sqrt(6.0 / (256 + 128)));
    assertUniform(network, "enc.8x8_block0.skip.weight", Math.sqrt(6.0 / (64 + 128)));
    assertUniform(
        network, "enc.8x8_block0.qkv.weight", Math.sqrt(0.2) * Math.sqrt(6.0 / (128 + 384)));
    assertUniform(network, "enc.8x8_block0.proj.weight", 1e-5 * Math.sqrt(6.0 / (128 + 128)));
    assertUniform(network, "dec.16x16_aux_conv.weight", 1e-5 * Math.sqrt(6.0 / ((64 + 3) * 9)));
    for (ParameterLayout.Entry e : network.network().parameters().entries()) {
      if (e.name().endsWith(".bias")) {
        assertConstant(network, e.name().substring("model.".length()), 0);
      } else if (e.name().matches(".*norm\\d?\\.weight")) {
        assertConstant(network, e.name().substring("model.".length()), 1);
      }
    }
  }

  @Test
  void dhariwalUNetIsKaimingUniform() {
    Drawn network = Drawn.of(spec(Architecture.ADM));
    assertUniform(network, "map_layer0.weight", Math.sqrt(1.0 / 64));
    assertUniform(network, "map_layer0.bias", Math.sqrt(1.0 / 64));
    assertMoments("map_label.weight", draw(network, "map_label.weight"), 1);
    assertUniform(network, "enc.16x16_conv.weight", Math.sqrt(1.0 / 27));
    assertUniform(network, "enc.8x8_block0.conv0.weight", Math.sqrt(1.0 / (64 * 9)));
    assertUniform(network, "enc.8x8_block0.conv0.bias", Math.sqrt(1.0 / (64 * 9)));
    assertUniform(network, "enc.8x8_block0.affine.weight", Math.sqrt(1.0 / 256));
    assertUniform(network, "enc.8x8_block0.skip.weight", Math.sqrt(1.0 / 64));
    assertUniform(network, "enc.8x8_block0.qkv.weight", Math.sqrt(1.0 / 128));
    for (String zero :
        List.of("enc.8x8_block0.conv1", "enc.8x8_block0.proj", "out_conv", "dec.16x16_up.conv1")) {
      assertConstant(network, zero + ".weight", 0);
      assertConstant(network, zero + ".bias", 0);
    }
    assertConstant(network, "map_augment.weight", 0);
    assertConstant(network, "out_norm.weight", 1);
    assertConstant(network, "out_norm.bias", 0);
  }

  @Test
  void fourierFrequenciesAreNormal() {
    NetworkSpec wide =
        new NetworkSpec(Architecture.NCSNPP, 8, 1, 0, 0, 4096, List.of(1), 1, 1, List.of(), 0, 0);
    assertMoments("freqs", new SongUNetBuffers(wide).values(), 0.02);
  }

  /** The buffers alone: a network this wide would be large. */
  private record SongUNetBuffers(NetworkSpec spec) {
    float[] values() {
      return SongUNet.buffers(spec).draw(SEED, 1);
    }
  }

  @Test
  void sameSeedSameBitsOtherSeedOthers() {
    Network network = Network.of(spec(Architecture.NCSNPP));
    assertArrayEquals(
        network.initialParameters(1), Network.of(spec(Architecture.NCSNPP)).initialParameters(1));
    assertArrayEquals(network.initialBuffers(1), network.initialBuffers(1));
    assertFalse(Arrays.equals(network.initialParameters(1), network.initialParameters(2)));
    assertFalse(Arrays.equals(network.initialBuffers(1), network.initialBuffers(2)));
  }

  @Test
  void eachParameterHasAStreamOfItsOwn() {
    Drawn rgb = Drawn.of(spec(Architecture.DDPMPP));
    NetworkSpec s = spec(Architecture.DDPMPP);
    Drawn grey =
        Drawn.of(
            new NetworkSpec(
                s.arch(),
                s.imgResolution(),
                1,
                s.labelDim(),
                s.augmentDim(),
                s.modelChannels(),
                s.channelMult(),
                s.channelMultEmb(),
                s.numBlocks(),
                s.attnResolutions(),
                0,
                0));
    assertArrayEquals(
        draw(rgb, "enc.8x8_block0.conv0.weight"), draw(grey, "enc.8x8_block0.conv0.weight"));
    assertFalse(
        Arrays.equals(
            draw(rgb, "dec.8x8_in0.conv0.weight"), draw(rgb, "dec.8x8_in1.conv0.weight")));
  }
}

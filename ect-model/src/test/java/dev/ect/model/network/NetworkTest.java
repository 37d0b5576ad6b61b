package dev.ect.model.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class NetworkTest {
  private final Engine engine = new ReferenceEngine();

  private static List<String> names(NetworkSpec spec) {
    return Network.of(spec).parameters().entries().stream()
        .map(e -> e.name().substring("model.".length()))
        .toList();
  }

  /** Names of whole layers, in order of first appearance. */
  private static List<String> layers(NetworkSpec spec) {
    return names(spec).stream()
        .map(n -> n.replaceAll("\\.(weight|bias)$", "").replaceAll("(x\\d+_[a-z0-9_]+)\\..*", "$1"))
        .distinct()
        .toList();
  }

  @Test
  void sizesAreThePublishedOnes() {
    assertEquals(
        55_732_739, Network.of(NetworkSpec.of(Architecture.DDPMPP, 32, 3, 0)).parameters().size());
    assertEquals(
        295_899_267, Network.of(NetworkSpec.of(Architecture.ADM, 64, 3, 1000)).parameters().size());
  }

  @Test
  void parametersOfABlockStandInPyTorchsOrder() {
    List<String> names = names(TestNetwork.tiny(Architecture.DDPMPP, 3, 0, 0, 0));
    String block = "dec.8x8_block1.";
    assertEquals(
        List.of(
            "norm0.weight",
            "norm0.bias",
            "conv0.weight",
            "conv0.bias",
            "affine.weight",
            "affine.bias",
            "norm1.weight",
            "norm1.bias",
            "conv1.weight",
            "conv1.bias",
            "skip.weight",
            "skip.bias",
            "norm2.weight",
            "norm2.bias",
            "qkv.weight",
            "qkv.bias",
            "proj.weight",
            "proj.bias"),
        names.stream()
            .filter(n -> n.startsWith(block))
            .map(n -> n.substring(block.length()))
            .toList());
  }

  @Test
  void layersOfNcsnppStandInPyTorchsOrder() {
    assertEquals(
        List.of(
            "map_label",
            "map_augment",
            "map_layer0",
            "map_layer1",
            "enc.8x8_conv",
            "enc.8x8_block0",
            "enc.4x4_down",
            "enc.4x4_aux_residual",
            "enc.4x4_block0",
            "dec.4x4_in0",
            "dec.4x4_in1",
            "dec.4x4_block0",
            "dec.4x4_block1",
            "dec.8x8_up",
            "dec.8x8_block0",
            "dec.8x8_block1",
            "dec.8x8_aux_norm",
            "dec.8x8_aux_conv"),
        layers(TestNetwork.tiny(Architecture.NCSNPP, 3, 3, 2, 0)));
  }

  @Test
  void layersOfAdmStandInPyTorchsOrder() {
    assertEquals(
        List.of(
            "map_augment",
            "map_layer0",
            "map_layer1",
            "map_label",
            "enc.8x8_conv",
            "enc.8x8_block0",
            "enc.4x4_down",
            "enc.4x4_block0",
            "dec.4x4_in0",
            "dec.4x4_in1",
            "dec.4x4_block0",
            "dec.4x4_block1",
            "dec.8x8_up",
            "dec.8x8_block0",
            "dec.8x8_block1",
            "out_norm",
            "out_conv"),
        layers(TestNetwork.tiny(Architecture.ADM, 3, 3, 2, 0)));
  }

  @Test
  void attentionStandsWhereTheArchitectureHasIt() {
    NetworkSpec song =
        new NetworkSpec(
            Architecture.DDPMPP, 16, 3, 0, 0, 8, List.of(1, 1), 4, 2, List.of(16), 0, 0);
    assertEquals(
        List.of("enc.16x16_block0", "enc.16x16_block1", "dec.8x8_in0", "dec.16x16_block2"),
        attending(song));
    NetworkSpec adm =
        new NetworkSpec(Architecture.ADM, 16, 3, 0, 0, 64, List.of(1, 1), 4, 2, List.of(16), 0, 0);
    assertEquals(
        List.of(
            "enc.16x16_block0",
            "enc.16x16_block1",
            "dec.8x8_in0",
            "dec.16x16_block0",
            "dec.16x16_block1",
            "dec.16x16_block2"),
        attending(adm));
  }

  @Test
  void admHasNoAttentionBelowTheWidthOfOneHead() {
    NetworkSpec spec =
        new NetworkSpec(
            Architecture.ADM, 16, 3, 0, 0, 32, List.of(1, 2), 4, 1, List.of(16, 8), 0, 0);
    assertEquals(
        List.of("enc.8x8_block0", "dec.8x8_in0", "dec.8x8_block0", "dec.8x8_block1"),
        attending(spec));
  }

  private static List<String> attending(NetworkSpec spec) {
    return names(spec).stream()
        .filter(n -> n.endsWith(".qkv.weight"))
        .map(n -> n.replace(".qkv.weight", ""))
        .toList();
  }

  @Test
  void onlyNcsnppHasBuffers() {
    assertEquals(0, Network.of(TestNetwork.tiny(Architecture.DDPMPP, 3, 0, 0, 0)).buffers().size());
    assertEquals(0, Network.of(TestNetwork.tiny(Architecture.ADM, 3, 0, 0, 0)).buffers().size());
    assertEquals(
        8,
        Network.of(TestNetwork.tiny(Architecture.NCSNPP, 3, 0, 0, 0))
            .buffers()
            .entry("model.map_noise.freqs")
            .elements());
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void dropoutIsReplayedWithinAStepAndChangesWithIt(Architecture arch) {
    try (TestNetwork net = new TestNetwork(engine, TestNetwork.tiny(arch, 3, 0, 0, 0.5));
        Dropout first = new Dropout(engine, 1, 10, 4, 5);
        Dropout again = new Dropout(engine, 1, 10, 4, 5);
        Dropout later = new Dropout(engine, 1, 11, 4, 5)) {
      float[] d = net.denoise(2, Conditioning.NONE, first);
      assertArrayEquals(d, net.denoise(2, Conditioning.NONE, first));
      assertArrayEquals(d, net.denoise(2, Conditioning.NONE, again));
      assertFalse(Arrays.equals(d, net.denoise(2, Conditioning.NONE, later)));
      assertFalse(Arrays.equals(d, net.denoise(2, Conditioning.NONE, null)));
    }
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void imagesDoNotInfluenceEachOther(Architecture arch) {
    try (TestNetwork net = new TestNetwork(engine, TestNetwork.tiny(arch, 1, 0, 0, 0.5));
        Dropout both = new Dropout(engine, 1, 10, 4, 5);
        Dropout one = new Dropout(engine, 1, 10, 4)) {
      float[] d = net.denoise(2, Conditioning.NONE, both);
      assertArrayEquals(Arrays.copyOf(d, d.length / 2), net.denoise(1, Conditioning.NONE, one));
    }
  }

  @Test
  void severalHeadsAttendSeparately() {
    NetworkSpec spec =
        new NetworkSpec(Architecture.ADM, 4, 1, 0, 0, 128, List.of(1), 1, 1, List.of(), 0, 0);
    try (TestNetwork net = new TestNetwork(engine, spec)) {
      float[] before = net.denoise(1, Conditioning.NONE, null);
      // in0 alone attends. Head 1 (channels 64 to 127) no longer reaches the output once its values
      // are 0, whatever its queries are.
      float[] qkv = new float[384 * 128];
      ParameterLayout.Entry weight = net.network.parameters().entry("model.dec.4x4_in0.qkv.weight");
      ParameterLayout.Entry bias = net.network.parameters().entry("model.dec.4x4_in0.qkv.bias");
      float[] all = net.values.toArray();
      System.arraycopy(all, (int) weight.offset(), qkv, 0, qkv.length);
      for (int channel = 64; channel < 128; channel++) {
        Arrays.fill(
            all,
            (int) weight.offset() + (channel * 3 + 2) * 128,
            (int) weight.offset() + (channel * 3 + 3) * 128,
            0);
        all[(int) bias.offset() + channel * 3 + 2] = 0;
      }
      net.weights.write(all);
      float[] muted = net.denoise(1, Conditioning.NONE, null);
      assertFalse(Arrays.equals(before, muted));
      all[(int) weight.offset() + 64 * 3 * 128] += 5;
      net.weights.write(all);
      assertArrayEquals(muted, net.denoise(1, Conditioning.NONE, null));
      all[(int) weight.offset()] += 5;
      net.weights.write(all);
      assertFalse(Arrays.equals(muted, net.denoise(1, Conditioning.NONE, null)));
    }
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void absentClassLabelsAreZeros(Architecture arch) {
    try (TestNetwork net = new TestNetwork(engine, TestNetwork.tiny(arch, 3, 3, 0, 0))) {
      float[] absent = net.denoise(2, Conditioning.NONE, null);
      assertArrayEquals(absent, net.denoise(2, new Conditioning(new float[2][3], null), null));
      assertFalse(
          Arrays.equals(
              absent,
              net.denoise(2, new Conditioning(new float[][] {{1, 0, 0}, {0, 0, 1}}, null), null)));
    }
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void absentAugmentationLabelsAreSkipped(Architecture arch) {
    try (TestNetwork net = new TestNetwork(engine, TestNetwork.tiny(arch, 3, 0, 2, 0))) {
      float[] absent = net.denoise(1, Conditioning.NONE, null);
      assertFalse(
          Arrays.equals(
              absent, net.denoise(1, new Conditioning(null, new float[][] {{1, 0}}), null)));
      // map_augment has no bias: its weights do not matter without labels.
      ParameterLayout.Entry e = net.network.parameters().entry("model.map_augment.weight");
      float[] all = net.values.toArray();
      Arrays.fill(all, (int) e.offset(), (int) (e.offset() + e.elements()), 9);
      net.weights.write(all);
      assertArrayEquals(absent, net.denoise(1, Conditioning.NONE, null));
    }
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void inferenceHoldsTheSkipsAndLittleElse(Architecture arch) {
    NetworkSpec spec = new NetworkSpec(arch, 8, 3, 0, 0, 64, List.of(1, 1), 1, 6, List.of(8), 0, 0);
    AtomicLong most = new AtomicLong();
    try (TestNetwork net = new TestNetwork(watched(engine, most), spec);
        Tensor x = net.images(1)) {
      long before = engine.openTensors();
      most.set(0);
      try (Tape tape = Tape.inference(net.engine)) {
        net.denoiser.evaluate(tape, x, new double[] {1}, Conditioning.NONE);
        assertEquals(1, engine.openTensors() - before, "only the result is left in the tape");
      }
      int skips = 1 + 6 + 1 + 6;
      assertTrue(most.get() - before <= skips + 7, (most.get() - before) + " tensors at once");
    }
  }

  /** An engine that notes the largest number of open tensors. */
  private static Engine watched(Engine engine, AtomicLong most) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          try {
            Object result = method.invoke(engine, arguments);
            most.accumulateAndGet(engine.openTensors(), Math::max);
            return result;
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return (Engine)
        Proxy.newProxyInstance(
            Engine.class.getClassLoader(), new Class<?>[] {Engine.class}, handler);
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void everyTensorIsFreedAfterBackward(Architecture arch) {
    try (TestNetwork net = new TestNetwork(engine, TestNetwork.tiny(arch, 3, 3, 2, 0.5));
        Tensor x = net.images(1)) {
      long before = engine.openTensors();
      try (Dropout dropout = new Dropout(engine, 1, 2, 3);
          Tape tape = Tape.recording(engine)) {
        Tensor d = net.denoiser.train(tape, x, new double[] {1}, Conditioning.NONE, dropout);
        try (Tensor gy = engine.zeros(d.shape())) {
          tape.backward(d, gy);
        }
      }
      assertEquals(before, engine.openTensors());
      Tape abandoned = Tape.recording(engine);
      net.denoiser.train(abandoned, x, new double[] {1}, Conditioning.NONE, null);
      abandoned.close();
      assertEquals(before, engine.openTensors(), "after a forward pass without backward");
    }
    assertEquals(0, engine.openTensors());
  }

  @Test
  void wrongInputsAreNamed() {
    try (TestNetwork net =
            new TestNetwork(engine, TestNetwork.tiny(Architecture.DDPMPP, 3, 3, 0, 0));
        Tensor small = engine.zeros(1, 3, 4, 4)) {
      assertMessage(
          "class label of width 2; expected 3",
          () -> net.denoise(1, new Conditioning(new float[1][2], null), null));
      assertMessage(
          "class labels of 2 images; expected 1",
          () -> net.denoise(1, new Conditioning(new float[2][3], null), null));
      assertMessage(
          "augmentation label of width 9; expected 0",
          () -> net.denoise(1, new Conditioning(null, new float[1][9]), null));
      try (Tape tape = Tape.inference(engine)) {
        assertMessage(
            "images have shape [1, 3, 4, 4] with 1 noise levels; expected [1, 3, 8, 8]",
            () -> net.denoiser.evaluate(tape, small, new double[] {1}, Conditioning.NONE));
      }
    }
    assertEquals(0, engine.openTensors());
  }

  @Test
  void widthsThatDoNotDivideAreNamed() {
    NetworkSpec spec =
        new NetworkSpec(Architecture.DDPMPP, 8, 3, 0, 0, 36, List.of(4), 4, 1, List.of(), 0, 0);
    assertMessage(
        "enc.8x8_block0.norm1 has 144 channels, which do not divide into 32 groups",
        () -> Network.of(spec));
    NetworkSpec heads =
        new NetworkSpec(Architecture.ADM, 8, 3, 0, 0, 224, List.of(1), 4, 1, List.of(), 0, 0);
    assertMessage(
        "dec.8x8_in0 has 224 channels, which do not divide into 3 attention heads",
        () -> Network.of(heads));
  }

  private static void assertMessage(String part, Runnable action) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, action::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}

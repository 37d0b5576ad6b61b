package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.io.BadFileException;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks known by their tensors alone. */
class NetworkShapesTest {
  static Stream<NetworkSpec> specs() {
    return Stream.of(
        NetworkSpec.of(Architecture.DDPMPP, 32, 3, 0),
        new NetworkSpec(
            Architecture.DDPMPP, 16, 1, 10, 9, 8, List.of(1, 3), 2, 2, List.of(16, 8), 0, 0),
        new NetworkSpec(Architecture.NCSNPP, 16, 3, 0, 9, 8, List.of(1, 2), 4, 1, List.of(8), 0, 0),
        NetworkSpec.of(Architecture.ADM, 64, 3, 1000),
        new NetworkSpec(
            Architecture.ADM, 32, 3, 10, 9, 64, List.of(1, 2), 2, 1, List.of(16), 0, 0));
  }

  private static Map<String, TensorInfo> tensors(NetworkSpec spec) {
    Network network = Network.of(spec);
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    for (ParameterLayout layout : new ParameterLayout[] {network.parameters(), network.buffers()}) {
      layout
          .entries()
          .forEach(e -> tensors.put(e.name(), new TensorInfo(e.name(), DType.F32, e.shape(), 0)));
    }
    return tensors;
  }

  @ParameterizedTest
  @MethodSource("specs")
  void theNetworkIsFound(NetworkSpec spec) throws IOException {
    Map<String, TensorInfo> tensors = tensors(spec);
    NetworkSpec found = NetworkShapes.infer("weights", tensors);
    assertEquals(tensors.keySet(), tensors(found).keySet());
    assertEquals(
        new NetworkSpec(
            spec.arch(),
            spec.imgResolution(),
            spec.imgChannels(),
            spec.labelDim(),
            spec.augmentDim(),
            spec.modelChannels(),
            spec.channelMult(),
            spec.channelMultEmb(),
            spec.numBlocks(),
            spec.attnResolutions(),
            0,
            0),
        found);
  }

  @Test
  void otherTensorsAreRefused() {
    Map<String, TensorInfo> tensors = tensors(specs().findFirst().orElseThrow());
    Map<String, TensorInfo> cut = new LinkedHashMap<>(tensors);
    cut.remove("model.map_layer0.weight");
    for (Map<String, TensorInfo> each : List.of(Map.<String, TensorInfo>of(), cut)) {
      String message =
          assertThrows(BadFileException.class, () -> NetworkShapes.infer("weights", each))
              .getMessage();
      assertTrue(
          message.startsWith(
              "weights: its tensors are not those of a ddpmpp, ncsnpp or adm network under"
                  + " PyTorch's names: it has no model."),
          message);
    }
  }

  @Test
  void namesOfWrappersAndOfBareUnetsAreBroughtIntoOneForm() {
    Map<String, Integer> expected = Map.of("model.map_layer0.weight", 1, "model.enc.a", 2);
    for (String prefix : List.of("", "model.", "module.model.", "_orig_mod.module.model.")) {
      Map<String, Integer> given = new LinkedHashMap<>();
      given.put(prefix + "enc.a", 2);
      given.put(prefix + "map_layer0.weight", 1);
      given.put(prefix + "enc.down.skip.resample_filter", 3);
      assertEquals(expected, StateDict.canonical(given), prefix);
    }
  }
}

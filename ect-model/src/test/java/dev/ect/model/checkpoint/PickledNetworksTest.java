package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.Goldens;
import dev.ect.model.io.LocalStore;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.EdmPreconditioning;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.VpPreconditioning;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks pickled as EDM does, of every architecture and preconditioning: make_networks.py. */
class PickledNetworksTest {
  @TempDir private Path folder;

  static Stream<Arguments> networks() {
    return Stream.of(
        Arguments.of(
            "ve-network.pkl",
            spec(Architecture.NCSNPP, 0, 9, List.of(4), 0),
            Preconditioning.VE,
            List.of("model.map_noise.freqs")),
        Arguments.of(
            "vp-network.pkl",
            spec(Architecture.DDPMPP, 10, 0, List.of(8), 0.125),
            new VpPreconditioning(20.5, 0.2, 500),
            List.of()),
        Arguments.of(
            "adm-network.pkl",
            spec(Architecture.ADM, 10, 9, List.of(4), 0),
            new EdmPreconditioning(0.75, 0),
            List.of()));
  }

  private static NetworkSpec spec(
      Architecture arch, int labels, int augment, List<Integer> attention, double labelDropout) {
    return new NetworkSpec(
        arch, 8, 3, labels, augment, 4, List.of(1, 2), 4, 1, attention, 0.25, labelDropout);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void comeInAsTheyAre(
      String file, NetworkSpec spec, Preconditioning preconditioning, List<String> buffers)
      throws IOException {
    LocalStore store = new LocalStore();
    String copy = folder.resolve("copy.safetensors").toString();
    try (Checkpoint pickled =
        Checkpoint.open(store, Goldens.resource("pytorch/" + file).toString())) {
      assertEquals(spec, pickled.spec());
      assertEquals(Optional.of(preconditioning), pickled.preconditioning());
      pickled.copy(store, copy, preconditioning, Map.of());
    }
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, copy)) {
      Network network = snapshot.network();
      assertEquals(spec, snapshot.spec());
      assertEquals(preconditioning, snapshot.preconditioning());
      float[] parameters = new float[Math.toIntExact(network.parameters().size())];
      snapshot.read(
          network, (offset, values) -> values.get(parameters, (int) offset, values.remaining()));
      requireValues(network.parameters(), parameters);
      assertEquals(
          buffers, network.buffers().entries().stream().map(ParameterLayout.Entry::name).toList());
      requireValues(network.buffers(), snapshot.buffers(network));
    }
  }

  /** What the script gave them. */
  private static void requireValues(ParameterLayout layout, float[] vector) {
    for (ParameterLayout.Entry e : layout.entries()) {
      CRC32 crc = new CRC32();
      crc.update(e.name().getBytes(StandardCharsets.UTF_8));
      float[] expected = new float[(int) e.elements()];
      for (int j = 0; j < expected.length; j++) {
        expected[j] = crc.getValue() % 1000 + j / 1024f;
      }
      assertEquals(
          FloatBuffer.wrap(expected),
          FloatBuffer.wrap(vector, (int) e.offset(), expected.length),
          e.name());
    }
  }
}

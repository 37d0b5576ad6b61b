package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.checkpoint.FloatSource;
import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.io.LocalStore;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints whose words are not this program's. */
class ForeignCheckpointTest {
  @TempDir private Path folder;

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static String say(String... arguments) throws Exception {
    return TestRuns.run(line -> {}, List.of(arguments));
  }

  private String snapshot(String name, Map<String, String> metadata) throws IOException {
    Network network =
        Network.of(
            new NetworkSpec(Architecture.DDPMPP, 8, 3, 0, 0, 4, List.of(1), 1, 1, List.of(), 0, 0));
    NetworkSnapshot.write(
        new LocalStore(),
        file(name),
        network,
        Preconditioning.EDM,
        FloatSource.of(network.initialParameters(1)),
        new float[0],
        metadata);
    return file(name);
  }

  @Test
  void nothingInAFileSteersTheTerminal() throws Exception {
    String one = snapshot("one.safetensors", Map.of("note", "a\u001b[2J\u009b\u202e"));
    String other = snapshot("other.safetensors", Map.of("note", "b"));
    String diff = say("checkpoint", "diff", one, other);
    assertTrue(diff.contains("note: a?[2J?? -> b\n"), diff);
    String inspect = say("checkpoint", "inspect", one);
    assertTrue(inspect.contains(" a?[2J??\n"), inspect);
  }

  @Test
  void aConfigurationOfSomethingElseDoesNotHinderAnExport() throws Exception {
    int files = 0;
    for (String configuration :
        List.of("\"tuning.lr {\"", "{\"tuning\": {\"lr\": \"fast\"}}", "[1]")) {
      String source =
          snapshot(
              ++files + ".safetensors",
              Map.of("provenance", "{\"configuration\": " + configuration + "}"));
      String said = say("checkpoint", "export", source, "--out", file(files + ".pt"));
      assertTrue(said.contains("wrote " + file(files + ".pt")), said);
    }
    assertEquals(3, files);
  }

  @Test
  void aNetworkThatCannotBeBuiltIsShown() throws Exception {
    String network =
        new NetworkSpec(Architecture.ADM, 8, 3, 0, 0, 100, List.of(2), 4, 1, List.of(), 0, 0)
            .toJson();
    byte[] header =
        ("{\"__metadata__\":{\"kind\":\"network-snapshot\",\"network\":\""
                + network.replace("\"", "\\\"")
                + "\",\"preconditioning\":\"{\\\"sigmaData\\\":0.5,\\\"sigmaMin\\\":0}\"},"
                + "\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")
            .getBytes(StandardCharsets.UTF_8);
    Files.write(
        folder.resolve("adm.safetensors"),
        ByteBuffer.allocate(Long.BYTES + header.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header)
            .array());
    String said = say("checkpoint", "inspect", file("adm.safetensors"));
    assertTrue(said.contains("usable           no: network: "), said);
    assertEquals(1, said.lines().filter(line -> line.startsWith("format ")).count(), said);
  }
}

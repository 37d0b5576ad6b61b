package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.Goldens;
import dev.ect.model.checkpoint.pytorch.PyTorchFile;
import dev.ect.model.checkpoint.pytorch.PyTorchTensor;
import dev.ect.model.checkpoint.pytorch.PyTorchWriter;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.LocalStore;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.Weights;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import dev.ect.model.tuning.Batch;
import dev.ect.model.tuning.EctLoss;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.Mapping;
import dev.ect.model.tuning.OptimizerSpec;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.Tuner;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checkpoints handed to PyTorch and back, where there is a Python that has it. */
class PyTorchRoundTripTest {
  private static final List<String> PYTHONS = List.of("python3", "/usr/bin/python3");
  private static final double TOLERANCE = 1e-4;
  private static final int IMAGES = 4;
  private static final EctLoss LOSS = new EctLoss(-1.1, 2, Mapping.SIGMOID, 2, 8, 1, 0, 3);

  private static String python;

  private final LocalStore store = new LocalStore();

  @TempDir private Path folder;

  @BeforeAll
  static void findPyTorch() throws Exception {
    for (String each : PYTHONS) {
      if (run(List.of(each, "-c", "import torch"), null).isEmpty()) {
        python = each;
      }
    }
    assumeTrue(
        python != null, "no Python with torch: apt-get install python3-torch for these tests");
  }

  /** Runs a program; returns what it says where it fails, else nothing. */
  private static String run(List<String> command, Path log) throws Exception {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(
                  log == null
                      ? ProcessBuilder.Redirect.DISCARD
                      : ProcessBuilder.Redirect.to(log.toFile()));
      Path edm = Goldens.resource("dev/ect/model/pytorch/edm.py");
      builder.environment().put("PYTHONPATH", edm.getParent().toString());
      builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
      Process process = builder.start();
      return process.waitFor() == 0 ? "" : log == null ? "failed" : Files.readString(log);
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  private void script(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(python);
    command.add(Goldens.resource("pytorch/roundtrip.py").toString());
    command.addAll(List.of(arguments));
    assertEquals("", run(command, folder.resolve("log")));
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static NetworkSpec spec(Architecture arch) {
    int width = arch == Architecture.ADM ? 64 : 8;
    return new NetworkSpec(arch, 8, 3, 2, 0, width, List.of(1, 2), 2, 1, List.of(8), 0, 0);
  }

  private static float[] gaussians(long seed, long count, double deviation) {
    float[] values = new Philox(seed, Purpose.SUBSET, 0, 0).gaussians(Math.toIntExact(count));
    for (int i = 0; i < values.length; i++) {
      values[i] *= (float) deviation;
    }
    return values;
  }

  private String specFile(Network network) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode spec = (ObjectNode) json.readTree(network.spec().toJson());
    ArrayNode shapes = spec.putArray("shapes");
    network
        .parameters()
        .entries()
        .forEach(
            e -> {
              ArrayNode shape = shapes.addArray().add(e.name()).addArray();
              for (long axis : e.shape()) {
                shape.add(axis);
              }
            });
    Files.writeString(folder.resolve("spec.json"), spec.toString());
    return file("spec.json");
  }

  @ParameterizedTest
  @EnumSource
  void anExportedNetworkGivesTheSameImages(Architecture arch) throws Exception {
    Network network = Network.of(spec(arch));
    float[] parameters = gaussians(1, network.parameters().size(), 0.2);
    float[] buffers = network.initialBuffers(1);
    NetworkSnapshot.write(
        store,
        file("net.safetensors"),
        network,
        Preconditioning.ECM,
        FloatSource.of(parameters),
        buffers,
        Map.of());
    try (Checkpoint checkpoint = Checkpoint.open(store, file("net.safetensors"))) {
      CheckpointExport.toPyTorch(checkpoint, 1e-4, store, file("net.pt"));
    }
    float[] x = gaussians(2, (long) IMAGES * network.spec().imageSize(), 1);
    double[] sigma = {0.01, 0.5, 3, 70};
    float[] sigmas = {0.01f, 0.5f, 3, 70};
    float[][] labels = {{1, 0}, {0, 1}, {1, 0}, {0, 0}};
    float[] flatLabels = {1, 0, 0, 1, 1, 0, 0, 0};
    Map<String, Object> inputs = new LinkedHashMap<>();
    inputs.put("x", PyTorchWriter.floats(FloatSource.of(x), IMAGES, 3, 8, 8));
    inputs.put("sigma", PyTorchWriter.floats(FloatSource.of(sigmas), IMAGES));
    inputs.put("labels", PyTorchWriter.floats(FloatSource.of(flatLabels), IMAGES, 2));
    PyTorchWriter.write(store, file("inputs.pt"), inputs);
    script("forward", specFile(network), file("net.pt"), file("inputs.pt"), file("output.pt"));
    try (Engine engine = Engines.open("auto", EngineOptions.defaults());
        Tensor values = engine.create(parameters, parameters.length);
        Weights weights = new Weights(engine, network.parameters(), values, null);
        Tensor images = engine.create(x, IMAGES, 3, 8, 8);
        Tape tape = Tape.inference(engine)) {
      Denoiser denoiser = new Denoiser(network, Preconditioning.ECM, weights, buffers);
      float[] d = denoiser.evaluate(tape, images, sigma, new Conditioning(labels, null)).toArray();
      try (PyTorchFile output = PyTorchFile.open(store, file("output.pt"))) {
        Goldens.assertClose("D_eval", floats(output, output.root(), "d"), d, TOLERANCE);
      }
    }
  }

  private static Network tuned() {
    return Network.of(
        new NetworkSpec(Architecture.DDPMPP, 8, 3, 0, 0, 8, List.of(1, 2), 2, 1, List.of(8), 0, 0));
  }

  private static Tuner tuner(Engine engine, Network network) {
    return new Tuner(
        engine,
        network,
        Preconditioning.ECM,
        new float[0],
        OptimizerSpec.of(OptimizerSpec.Kind.RADAM, 1e-3),
        EmaSpec.fixed(0.99),
        0);
  }

  /** Seven of PyTorch's steps equal six of them and one here. */
  @Test
  void aStateOfPyTorchTunesOn() throws Exception {
    Network network = tuned();
    script("tune", specFile(network), file("training-state-6.pt"), file("expected.pt"));
    try (Engine engine = Engines.open("auto", EngineOptions.defaults());
        TrainingState state = TrainingState.open(store, file("training-state-6.pt"));
        Tuner tuner = tuner(engine, network)) {
      assertEquals(network.spec(), state.spec());
      assertEquals(new Progress(6, 6 * IMAGES), state.progress(IMAGES));
      state.read(network, tuner.vectors());
      tuner.resume(state.progress(IMAGES));
      assertNextStep(tuner);
    }
  }

  /** Seven steps here equal six of them and one of PyTorch's. */
  @Test
  void anExportedStateTunesOnInPyTorch() throws Exception {
    Network network = tuned();
    try (Engine engine = Engines.open("auto", EngineOptions.defaults());
        Tuner tuner = tuner(engine, network)) {
      float[] start = gaussians(3, network.parameters().size(), 0.2);
      tuner.vectors().weights().write(0, FloatBuffer.wrap(start));
      tuner.begin();
      for (int step = 0; step < 6; step++) {
        float[] images = gaussians(10 + step, (long) IMAGES * network.spec().imageSize(), 0.5);
        long[] positions = LongStream.range(0, IMAGES).toArray();
        Batch batch = Batch.draw(images, Conditioning.NONE, positions, 5, step);
        tuner.gradient(LOSS, batch, IMAGES, IMAGES);
        tuner.update(IMAGES);
      }
      TrainingState.write(
          store,
          file("state.safetensors"),
          network,
          Preconditioning.ECM,
          StateVectors.of(tuner.vectors()),
          new float[0],
          tuner.progress(),
          Map.of());
      try (Checkpoint checkpoint = Checkpoint.open(store, file("state.safetensors"))) {
        CheckpointExport.toPyTorch(checkpoint, 1e-3, store, file("state.pt"));
      }
      script("resume", specFile(network), file("state.pt"), file("expected.pt"));
      assertNextStep(tuner);
    }
  }

  /** Does the step that the script has done, too. */
  private void assertNextStep(Tuner tuner) throws IOException {
    try (PyTorchFile expected = PyTorchFile.open(store, file("expected.pt"))) {
      Object root = expected.root();
      Batch batch =
          new Batch(
              floats(expected, root, "y"),
              Conditioning.NONE,
              LongStream.range(0, IMAGES).toArray(),
              floats(expected, root, "normal"),
              floats(expected, root, "eps"));
      double[] losses = tuner.gradient(LOSS, batch, IMAGES, IMAGES);
      float[] wanted = floats(expected, root, "loss");
      for (int i = 0; i < IMAGES; i++) {
        assertEquals(wanted[i], losses[i], TOLERANCE * Math.max(1, wanted[i]), "loss " + i);
      }
      tuner.update(IMAGES);
      Network network = tuner.denoiser().network();
      Map<Object, Object> dict = PickledDict.of(root).orElseThrow();
      Goldens.assertClose(
          "weights",
          vector(expected, dict.get("net"), network),
          tuner.vectors().weights().toArray(),
          TOLERANCE);
      Goldens.assertClose(
          "EMA",
          vector(expected, dict.get("ema"), network),
          tuner.vectors().ema().toArray(),
          TOLERANCE);
    }
  }

  private static float[] vector(PyTorchFile file, Object dict, Network network) throws IOException {
    FloatBuffer all = FloatBuffer.allocate(Math.toIntExact(network.parameters().size()));
    for (var entry : network.parameters().entries()) {
      all.put(floats(file, dict, entry.name()));
    }
    return all.array();
  }

  private static float[] floats(PyTorchFile file, Object dict, String name) throws IOException {
    PyTorchTensor tensor = file.tensor(PickledDict.of(dict).orElseThrow().get(name)).orElseThrow();
    FloatBuffer values = FloatBuffer.allocate(Math.toIntExact(TensorInfo.elements(tensor.shape())));
    tensor.read(0, values);
    return values.array();
  }
}

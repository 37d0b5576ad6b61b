package dev.ect.spark.cli;

import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.checkpoint.SafetensorsWriter;
import dev.ect.model.checkpoint.TensorInfo;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.Store;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.LoadedNetwork;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Evaluates D, for comparisons with other implementations. */
@Command(
    name = "forward",
    description = {
      "Evaluates the denoiser D on tensors from a safetensors file.",
      "Reads x [N,C,H,W], sigma [N], and where present class_labels and augment_labels [N,...];"
          + " names may begin with \"in.\". Writes D [N,C,H,W]. Dropout is off."
    })
final class ForwardCommand implements Callable<Integer> {
  /** By which formulas D is made of the network. */
  enum Formulas {
    train,
    eval
  }

  private final PrintStream out;

  @Option(
      names = "--network",
      required = true,
      paramLabel = "FILE",
      description = "Network snapshot.")
  private String network;

  @Option(names = "--in", required = true, paramLabel = "FILE", description = "Tensors to read.")
  private String in;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "File to write.")
  private String result;

  @Option(
      names = "--formulas",
      defaultValue = "eval",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Formulas formulas;

  @Mixin private EngineOptionsMixin engines;

  ForwardCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Store store = Stores.open();
    List<String> problems = new ArrayList<>();
    if (!store.exists(network)) {
      problems.add(store.qualified(network) + ": no such network snapshot (--network)");
    }
    if (!store.exists(in)) {
      problems.add(store.qualified(in) + ": no such file (--in)");
    }
    if (store.exists(result)) {
      problems.add(result + ": exists already; expected a new name (--out)");
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    try (SafetensorsFile file = SafetensorsFile.open(store, in);
        Engine engine = engines.open();
        LoadedNetwork loaded = LoadedNetwork.open(store, network, engine);
        Tape tape = Tape.inference(engine)) {
      NetworkSpec spec = loaded.spec();
      String x = name(file, "x");
      long[] found = file.tensors().get(x).shape();
      long n = found.length == 0 ? 1 : Math.max(1, found[0]);
      long[] shape = {n, spec.imgChannels(), spec.imgResolution(), spec.imgResolution()};
      requireShape(file, x, shape);
      String sigmaName = name(file, "sigma");
      double[] sigma = file.doubles(sigmaName);
      if (sigma.length != n) {
        throw new UserError(
            in + ": " + sigmaName + " has " + sigma.length + " values; expected " + n);
      }
      for (double each : sigma) {
        if (!(each > 0 && each < Double.POSITIVE_INFINITY)) {
          throw new UserError(
              in + ": " + sigmaName + " holds " + each + "; expected noise levels more than 0");
        }
      }
      Conditioning conditioning =
          new Conditioning(
              rows(file, "class_labels", n, spec.labelDim()),
              rows(file, "augment_labels", n, spec.augmentDim()));
      Tensor images = tape.own(engine.create(file.floats(x), shape));
      Tensor d =
          formulas == Formulas.train
              ? loaded.denoiser().train(tape, images, sigma, conditioning, null)
              : loaded.denoiser().evaluate(tape, images, sigma, conditioning);
      new SafetensorsWriter().floats("D", d.toArray(), shape).write(store, result);
      out.println(
          "wrote "
              + result
              + ": D "
              + Arrays.toString(shape)
              + " by the "
              + formulas
              + " formulas");
    }
    return 0;
  }

  private String name(SafetensorsFile file, String name) {
    if (file.tensors().containsKey("in." + name)) {
      return "in." + name;
    }
    if (!file.tensors().containsKey(name)) {
      throw new UserError(in + ": has no tensor " + name + " or in." + name + " (--in)");
    }
    return name;
  }

  private void requireShape(SafetensorsFile file, String name, long... expected) {
    TensorInfo info = file.tensors().get(name);
    if (!Arrays.equals(info.shape(), expected)) {
      throw new UserError(
          in
              + ": "
              + name
              + " is "
              + Arrays.toString(info.shape())
              + "; expected "
              + Arrays.toString(expected)
              + " for this network");
    }
  }

  /** Labels, or null where there are none. */
  private float[][] rows(SafetensorsFile file, String name, long n, int width) throws IOException {
    if (!file.tensors().containsKey(name) && !file.tensors().containsKey("in." + name)) {
      return null;
    }
    if (width == 0) {
      throw new UserError(in + ": has " + name(file, name) + ", but " + network + " takes none");
    }
    String found = name(file, name);
    requireShape(file, found, n, width);
    float[] values = file.floats(found);
    float[][] rows = new float[(int) n][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
    return rows;
  }
}

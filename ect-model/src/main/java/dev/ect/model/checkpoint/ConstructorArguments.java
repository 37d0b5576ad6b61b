package dev.ect.model.checkpoint;

import dev.ect.model.io.BadFileException;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.EdmPreconditioning;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.VpPreconditioning;
import dev.ect.model.pickle.NumpyArray;
import dev.ect.model.pickle.PickledTuple;
import dev.ect.model.pickle.Printable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the arguments of EDM's and ECT's network classes mean, with their defaults. All that this
 * program cannot compute is refused by name.
 */
final class ConstructorArguments {
  /** Those that preconditioned networks keep as attributes. */
  static final List<String> KEPT = List.of("sigma_min", "sigma_data", "beta_d", "beta_min", "M");

  private static final Set<String> WITHOUT_EFFECT =
      Set.of("use_fp16", "sigma_max", "epsilon_t", "in_channels", "out_channels", "model_type");
  private static final Set<String> KNOWN =
      Set.of(
          "img_resolution",
          "img_channels",
          "label_dim",
          "sigma_min",
          "sigma_data",
          "beta_d",
          "beta_min",
          "M",
          "augment_dim",
          "model_channels",
          "channel_mult",
          "channel_mult_emb",
          "num_blocks",
          "attn_resolutions",
          "dropout",
          "label_dropout",
          "embedding_type",
          "channel_mult_noise",
          "encoder_type",
          "decoder_type",
          "resample_filter");

  /** More levels than any network has. */
  private static final int LONGEST = 64;

  private final String file;
  private final String className;
  private final Map<String, Object> arguments;
  private final List<String> problems = new ArrayList<>();

  /**
   * @param file for messages
   * @param className of the preconditioned network, such as {@code EDMPrecond}
   * @param arguments by name
   */
  ConstructorArguments(String file, String className, Map<String, Object> arguments) {
    this.file = file;
    this.className = className;
    this.arguments = arguments;
  }

  /**
   * The formulas.
   *
   * @throws BadFileException if the class has others
   */
  Preconditioning preconditioning() throws IOException {
    Preconditioning found =
        switch (className) {
          case "EDMPrecond" -> new EdmPreconditioning(number("sigma_data", 0.5), 0);
          case "ECMPrecond" ->
              new EdmPreconditioning(number("sigma_data", 0.5), number("sigma_min", 0.003));
          case "VPPrecond" ->
              new VpPreconditioning(
                  number("beta_d", 19.9), number("beta_min", 0.1), integer("M", 1000));
          case "VEPrecond" -> Preconditioning.VE;
          default ->
              throw new BadFileException(
                  file,
                  "its network is a "
                      + Printable.of(className)
                      + "; expected EDMPrecond, ECMPrecond, VPPrecond or VEPrecond");
        };
    report();
    return found;
  }

  /**
   * The network inside.
   *
   * @throws BadFileException naming every argument that is missing or has another meaning here
   */
  NetworkSpec spec() throws IOException {
    Set<String> unknown = new TreeSet<>(arguments.keySet());
    unknown.removeAll(KNOWN);
    unknown.removeAll(WITHOUT_EFFECT);
    unknown.forEach(
        name ->
            problems.add(
                "unknown " + Printable.of(name) + " = " + Printable.value(arguments.get(name))));
    Architecture arch = architecture();
    boolean adm = arch == Architecture.ADM;
    NetworkSpec spec = null;
    try {
      spec =
          new NetworkSpec(
              arch,
              required("img_resolution"),
              required("img_channels"),
              integer("label_dim", 0),
              integer("augment_dim", 0),
              integer("model_channels", adm ? 192 : 128),
              integers("channel_mult", adm ? List.of(1, 2, 3, 4) : List.of(1, 2, 2, 2)),
              integer("channel_mult_emb", 4),
              integer("num_blocks", adm ? 3 : 4),
              integers("attn_resolutions", adm ? List.of(32, 16, 8) : List.of(16)),
              number("dropout", 0.1),
              number("label_dropout", 0));
    } catch (IllegalArgumentException e) {
      problems.add(e.getMessage());
    }
    report();
    return spec;
  }

  private Architecture architecture() throws IOException {
    Object model =
        arguments.getOrDefault(
            "model_type", className.matches("V[PE]Precond") ? "SongUNet" : "DhariwalUNet");
    if ("DhariwalUNet".equals(model)) {
      return Architecture.ADM;
    }
    require("model_type", model, "SongUNet");
    boolean residual = "residual".equals(arguments.get("encoder_type"));
    require(
        "embedding_type",
        arguments.getOrDefault("embedding_type", "positional"),
        residual ? "fourier" : "positional");
    require(
        "encoder_type",
        arguments.getOrDefault("encoder_type", "standard"),
        residual ? "residual" : "standard");
    require("decoder_type", arguments.getOrDefault("decoder_type", "standard"), "standard");
    require("channel_mult_noise", integer("channel_mult_noise", 1), residual ? 2 : 1);
    require(
        "resample_filter",
        integers("resample_filter", List.of(1, 1)),
        residual ? List.of(1, 3, 3, 1) : List.of(1, 1));
    return residual ? Architecture.NCSNPP : Architecture.DDPMPP;
  }

  private void require(String name, Object found, Object expected) {
    if (!expected.equals(found)) {
      problems.add(name + " is " + Printable.value(found) + "; expected " + expected);
    }
  }

  private int required(String name) throws IOException {
    if (!arguments.containsKey(name)) {
      problems.add(name + " is missing");
      return 1;
    }
    return integer(name, 1);
  }

  private int integer(String name, int byDefault) throws IOException {
    Object found = plain(arguments.get(name));
    if (found == null) {
      return byDefault;
    }
    if (found instanceof Number number && number.doubleValue() == number.intValue()) {
      return number.intValue();
    }
    problems.add(name + " is " + Printable.value(found) + "; expected an integer");
    return byDefault;
  }

  private double number(String name, double byDefault) throws IOException {
    Object found = plain(arguments.get(name));
    if (found == null) {
      return byDefault;
    }
    if (found instanceof Number number) {
      return number.doubleValue();
    }
    problems.add(name + " is " + Printable.value(found) + "; expected a number");
    return byDefault;
  }

  private List<Integer> integers(String name, List<Integer> byDefault) throws IOException {
    Object found = arguments.get(name);
    if (found == null) {
      return byDefault;
    }
    List<Integer> values = new ArrayList<>();
    Object items = found instanceof PickledTuple tuple ? tuple.items() : found;
    if (items instanceof List<?> list && list.size() <= LONGEST) {
      for (Object item : list) {
        Object each = plain(item);
        if (each instanceof Number number && number.doubleValue() == number.intValue()) {
          values.add(number.intValue());
        }
      }
      if (values.size() == list.size()) {
        return values;
      }
    }
    problems.add(name + " is " + Printable.value(found) + "; expected a list of integers");
    return byDefault;
  }

  /** NumPy's scalars as numbers, all else as it is. */
  private Object plain(Object value) throws IOException {
    if (NumpyArray.isOne(value)) {
      NumpyArray array = NumpyArray.of(file, value);
      return array.elements() == 1 ? (Object) array.doubles()[0] : value;
    }
    return value;
  }

  private void report() throws BadFileException {
    if (!problems.isEmpty()) {
      throw new BadFileException(
          file,
          "its "
              + Printable.of(className)
              + " is built in a way unknown here: "
              + String.join("; ", problems));
    }
  }
}

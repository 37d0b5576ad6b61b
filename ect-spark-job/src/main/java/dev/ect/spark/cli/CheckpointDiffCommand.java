package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.checkpoint.TensorDifference;
import dev.ect.model.checkpoint.TensorFile;
import dev.ect.model.checkpoint.TensorInfo;
import dev.ect.model.io.PlainText;
import dev.ect.model.io.Store;
import dev.ect.model.network.Preconditioning;
import dev.ect.spark.api.CheckpointFiles;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says in what two checkpoints differ. */
@Command(
    name = "diff",
    description = "Says in what two checkpoints differ: what they say of themselves, and weights.")
final class CheckpointDiffCommand implements Callable<Integer> {
  private static final String NOTHING = "(nothing)";

  private final PrintStream out;

  @Parameters(index = "0", paramLabel = "A", description = "A checkpoint, whatever wrote it.")
  private String a;

  @Parameters(index = "1", paramLabel = "B", description = "Another one.")
  private String b;

  @Option(
      names = "--top",
      defaultValue = "10",
      description = "Tensors that are named, those that differ most. Default: ${DEFAULT-VALUE}.")
  private int top;

  @Option(
      names = "--require-equal",
      description = "Fail if weights, shapes or names differ, for scripts.")
  private boolean requireEqual;

  CheckpointDiffCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Store store = Stores.open();
    List<String> problems = new ArrayList<>();
    CheckpointFiles.checkSource(store, a, problems);
    CheckpointFiles.checkSource(store, b, problems);
    if (top < 0) {
      problems.add("--top is " + top + "; expected at least 0");
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    try (Checkpoint left = Checkpoint.open(store, a);
        Checkpoint right = Checkpoint.open(store, b)) {
      said(left, right);
      if (!tensors(left.file(), right.file()) && requireEqual) {
        throw new UserError(a + ": has other weights than " + b);
      }
    }
    return 0;
  }

  /** What the files say of themselves. */
  private void said(Checkpoint left, Checkpoint right) {
    Map<String, String> one = facts(left);
    Map<String, String> other = facts(right);
    TreeSet<String> keys = new TreeSet<>(one.keySet());
    keys.addAll(other.keySet());
    int different = 0;
    for (String key : keys) {
      String was = one.getOrDefault(key, NOTHING);
      String is = other.getOrDefault(key, NOTHING);
      if (!was.equals(is)) {
        print("%s: %s -> %s", key, was, is);
        different++;
      }
    }
    print("metadata: %d of %d entries differ", different, keys.size());
  }

  private static Map<String, String> facts(Checkpoint checkpoint) {
    Map<String, String> facts = new TreeMap<>();
    facts.put("kind", checkpoint.kind().id());
    flatten("network", CheckpointFiles.json(checkpoint.spec().toJson()), facts);
    checkpoint
        .preconditioning()
        .ifPresent(
            p ->
                flatten("preconditioning", CheckpointFiles.json(Preconditioning.toJson(p)), facts));
    checkpoint
        .furtherMetadata()
        .forEach((key, value) -> flatten(key, CheckpointFiles.json(value), facts));
    return facts;
  }

  private static void flatten(String key, JsonNode value, Map<String, String> into) {
    if (value.isObject()) {
      value.properties().forEach(e -> flatten(key + "." + e.getKey(), e.getValue(), into));
    } else {
      into.put(key, value.isTextual() ? value.textValue() : value.toString());
    }
  }

  /** Whether all tensors are equal. */
  private boolean tensors(TensorFile left, TensorFile right) throws IOException {
    List<TensorDifference> differences = new ArrayList<>();
    TreeSet<String> names = new TreeSet<>(left.tensors().keySet());
    names.addAll(right.tensors().keySet());
    int unlike = 0;
    int compared = 0;
    double squares = 0;
    double reference = 0;
    for (String name : names) {
      TensorInfo one = left.tensors().get(name);
      TensorInfo other = right.tensors().get(name);
      if (one == null || other == null || !Arrays.equals(one.shape(), other.shape())) {
        unlike++;
        print("%s: %s -> %s", name, one == null ? NOTHING : one, other == null ? NOTHING : other);
        continue;
      }
      TensorDifference difference = TensorDifference.between(left, right, name);
      compared++;
      squares += difference.squares();
      reference += difference.reference();
      if (!difference.isEqual()) {
        differences.add(difference);
      }
    }
    table(differences);
    print(
        "tensors: %d equal, %d differ, %d in one file only or of another shape; relative difference"
            + " (L2) %.3g",
        compared - differences.size(),
        differences.size(),
        unlike,
        squares == 0 ? 0 : Math.sqrt(squares / reference));
    return differences.isEmpty() && unlike == 0;
  }

  private void table(List<TensorDifference> differences) {
    if (differences.isEmpty()) {
      return;
    }
    differences.sort(Comparator.comparingDouble(TensorDifference::relative).reversed());
    print("%-64s %14s %14s %20s", "tensor", "relative (L2)", "largest", "elements that differ");
    for (TensorDifference each : differences.subList(0, Math.min(top, differences.size()))) {
      print(
          "%-64s %14.3g %14.3g %20s",
          each.name(),
          each.relative(),
          each.largest(),
          String.format(Locale.ROOT, "%,d/%,d", each.different(), each.elements()));
    }
    if (differences.size() > top) {
      print("... and %d more", differences.size() - top);
    }
  }

  /** A file may hold characters that would steer the terminal. */
  private void print(String format, Object... values) {
    out.println(PlainText.oneLine(String.format(Locale.ROOT, format, values)));
  }
}

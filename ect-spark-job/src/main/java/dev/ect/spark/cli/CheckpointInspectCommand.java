package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.checkpoint.CheckpointContents;
import dev.ect.model.checkpoint.TensorInfo;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.PlainText;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.Preconditioning;
import dev.ect.spark.api.CheckpointFiles;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what is in a checkpoint. */
@Command(
    name = "inspect",
    description =
        "Says what is in a checkpoint, whatever wrote it, also in one that cannot be used. Nothing"
            + " in it is executed.")
final class CheckpointInspectCommand implements Callable<Integer> {
  private final PrintStream out;

  @Parameters(
      paramLabel = "FILE",
      description = "A path on any Hadoop file system, or an http address.")
  private String path;

  @Option(names = "--tensors", description = "List every tensor.")
  private boolean tensors;

  CheckpointInspectCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Store store = Stores.open();
    List<String> problems = new ArrayList<>();
    CheckpointFiles.checkSource(store, path, problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    line(
        "file",
        String.format(
            Locale.ROOT,
            "%s, %,d bytes",
            Addresses.withoutSecrets(path),
            store.info(path).length()));
    try (Checkpoint checkpoint = Checkpoint.open(store, path)) {
      describe(checkpoint);
    } catch (BadFileException e) {
      contents(CheckpointContents.of(store, path));
      line("usable", "no: " + e.getMessage().replace(path + ": ", ""));
    }
    return 0;
  }

  private void describe(Checkpoint checkpoint) throws IOException {
    line("format", checkpoint.format());
    line("kind", checkpoint.kind().id());
    fields("network", CheckpointFiles.json(checkpoint.spec().toJson()));
    fields(
        "preconditioning",
        checkpoint
            .preconditioning()
            .map(p -> CheckpointFiles.json(Preconditioning.toJson(p)))
            .orElse(TextNode.valueOf("not said in the file")));
    String usable = "yes";
    try {
      Network network = checkpoint.network();
      line("parameters", String.format(Locale.ROOT, "%,d", network.parameters().size()));
      checkpoint.requireFits(network);
    } catch (BadFileException e) {
      usable = "no: " + e.getMessage().replace(path + ": ", "");
    }
    tensors(checkpoint.file().tensors().values());
    checkpoint.furtherMetadata().forEach((key, value) -> fields(key, CheckpointFiles.json(value)));
    line("usable", usable);
  }

  private void contents(CheckpointContents contents) {
    line("format", contents.format());
    contents.entries().forEach((key, value) -> fields(key, CheckpointFiles.json(value)));
    tensors(contents.tensors());
  }

  private void tensors(Collection<TensorInfo> all) {
    Map<String, Long> kinds =
        all.stream()
            .collect(
                Collectors.groupingBy(
                    info -> info.dtype().name(), TreeMap::new, Collectors.counting()));
    line(
        "tensors",
        String.format(
            Locale.ROOT,
            "%d, %,d elements%s",
            all.size(),
            all.stream().mapToLong(TensorInfo::elements).sum(),
            kinds.isEmpty() ? "" : ", " + kinds));
    if (tensors) {
      all.forEach(info -> line("", info.toString()));
    }
  }

  /** One line per field, objects inside indented. */
  private void fields(String name, JsonNode value) {
    if (!value.isObject()) {
      line(name, value.isTextual() ? value.textValue() : value.toString());
      return;
    }
    line(name, "");
    nested(value, "  ");
  }

  private void nested(JsonNode object, String indent) {
    object
        .properties()
        .forEach(
            field -> {
              JsonNode value = field.getValue();
              if (value.isObject()) {
                print(indent + field.getKey());
                nested(value, indent + "  ");
              } else {
                print(
                    indent
                        + field.getKey()
                        + " "
                        + (value.isTextual() ? value.textValue() : value.toString()));
              }
            });
  }

  private void line(String name, String value) {
    print(String.format(Locale.ROOT, "%-16s %s", name, value));
  }

  /** A file may hold characters that would steer the terminal. */
  private void print(String line) {
    out.println(PlainText.oneLine(line).stripTrailing());
  }
}

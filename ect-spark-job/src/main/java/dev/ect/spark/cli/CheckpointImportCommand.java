package dev.ect.spark.cli;

import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.checkpoint.CheckpointKind;
import dev.ect.model.io.Store;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.Progress;
import dev.ect.spark.api.CheckpointFiles;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.CheckpointSource;
import dev.ect.spark.report.Provenance;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns a checkpoint of PyTorch into one of this project. */
@Command(
    name = "import",
    description = {
      "Turns a checkpoint of EDM, ECT or PyTorch into one of this project: network pickles (.pkl),"
          + " ECT's training states (.pt), state dicts (torch.save or safetensors).",
      "tune, sample and evaluate take such files directly, too."
    })
final class CheckpointImportCommand implements Callable<Integer> {
  private final PrintStream out;

  @Parameters(
      paramLabel = "FILE",
      description = "A path on any Hadoop file system, or an http address.")
  private String source;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "A .safetensors file.")
  private String target;

  @Option(
      names = "--preconditioning",
      paramLabel = "NAME",
      description =
          "edm, ecm, vp or ve: how a state dict's network was trained, which the file does not say.")
  private String preconditioning;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Images per step of an ECT training state, which counts steps only.")
  private long batch;

  CheckpointImportCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Store store = Stores.open();
    List<String> problems = new ArrayList<>();
    CheckpointFiles.checkTarget(store, target, "--out", List.of(".safetensors"), problems);
    CheckpointFiles.checkSource(store, source, problems);
    Preconditioning given = given(problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    try (Checkpoint checkpoint = Checkpoint.open(store, source)) {
      Map<String, String> metadata = metadata(store, checkpoint);
      checkpoint.copy(store, target, chosen(checkpoint, given), metadata);
      out.printf(
          Locale.ROOT,
          "wrote %s: %s, from %s%n",
          target,
          CheckpointFiles.describe(checkpoint),
          checkpoint.format());
    }
    return 0;
  }

  private Preconditioning given(List<String> problems) {
    if (preconditioning != null) {
      try {
        return Preconditioning.of(preconditioning);
      } catch (IllegalArgumentException e) {
        problems.add("--preconditioning: " + e.getMessage());
      }
    }
    return null;
  }

  private Preconditioning chosen(Checkpoint checkpoint, Preconditioning given) {
    if (given != null
        && checkpoint.preconditioning().isPresent()
        && !given.equals(checkpoint.preconditioning().get())) {
      throw new UserError(
          source
              + ": says that its preconditioning is "
              + checkpoint.preconditioning().get()
              + "; --preconditioning is "
              + preconditioning
              + ": leave it out");
    }
    return checkpoint
        .preconditioning()
        .or(() -> Optional.ofNullable(given))
        .orElseThrow(
            () ->
                new UserError(
                    source
                        + ": does not say how its network is preconditioned; expected"
                        + " --preconditioning edm, ecm, vp or ve"));
  }

  private Map<String, String> metadata(Store store, Checkpoint checkpoint) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>(checkpoint.furtherMetadata());
    if (checkpoint.kind() == CheckpointKind.TRAINING_STATE) {
      Progress progress = checkpoint.progress(batch);
      metadata.putAll(Checkpoint.metadata(progress));
    }
    // What a file of this project says of itself stays; a foreign one's beginning is the file.
    metadata.putIfAbsent(
        Provenance.KEY, Provenance.derived(CheckpointSource.of(store, checkpoint)));
    return metadata;
  }
}

package dev.ect.spark.training;

import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.checkpoint.CheckpointKind;
import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.Progress;
import dev.ect.spark.config.RunConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.CheckpointSource;
import dev.ect.spark.report.Provenance;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A checkpoint from elsewhere that a new run starts from: a network to tune, or a training state to
 * go on from. The driver brings it into the run directory, where every executor finds it.
 *
 * @param path of the file, whatever wrote it
 * @param kind what is taken from it
 * @param source for the run's provenance
 */
record Origin(String path, CheckpointKind kind, String source) {
  /**
   * What a configuration names; empty where a run starts from random weights.
   *
   * @throws UserError if there is no such file
   * @throws IOException if it is not a checkpoint; the message names it
   */
  static Optional<Origin> of(Store store, RunConfig run) throws IOException {
    boolean resumes =
        !run.resume().isEmpty()
            && !(store.exists(run.resume()) && store.info(run.resume()).directory());
    String path = resumes ? run.resume() : run.transfer();
    if (path.isEmpty()) {
      return Optional.empty();
    }
    if (!store.exists(path)) {
      throw new UserError(
          store.qualified(path)
              + (resumes
                  ? ": no such run directory or training state (run.resume)"
                  : ": no such network snapshot (run.transfer)"));
    }
    try (Checkpoint checkpoint = Checkpoint.open(store, path)) {
      return Optional.of(
          new Origin(
              path,
              resumes ? CheckpointKind.TRAINING_STATE : CheckpointKind.NETWORK_SNAPSHOT,
              CheckpointSource.of(store, checkpoint)));
    }
  }

  /** The network that a run which stopped before its first checkpoint has brought already. */
  static Optional<Origin> brought(Store store, RunDirectory directory) throws IOException {
    String path = directory.transfer();
    if (!store.exists(path)) {
      return Optional.empty();
    }
    try (Checkpoint checkpoint = Checkpoint.open(store, path)) {
      String source = Provenance.sourceIn(checkpoint.metadata().get(Provenance.KEY));
      return Optional.of(new Origin(path, CheckpointKind.NETWORK_SNAPSHOT, source));
    }
  }

  /**
   * Checks that a run can start from it.
   *
   * @return how far the run has come
   */
  Progress check(Store store, RunPlan plan) throws IOException {
    Network network = plan.network();
    if (kind == CheckpointKind.NETWORK_SNAPSHOT) {
      try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, path)) {
        snapshot.requireTransferable(network);
      }
      return Progress.START;
    }
    try (Checkpoint state = Checkpoint.open(store, path, kind)) {
      state.requireFits(network);
      Progress progress = state.progress(plan.objective().batch());
      if (progress.step() == 0) {
        throw new UserError(
            path + ": is of a run without steps; start from its network instead (run.transfer)");
      }
      Preconditioning own = state.preconditioning().orElse(plan.preconditioning());
      if (!own.equals(plan.preconditioning())) {
        throw new UserError(
            path
                + ": its network is trained with "
                + own
                + "; this run's with "
                + plan.preconditioning());
      }
      Map<String, String> identity = Checkpoints.identity(path, state.metadata());
      List<String> differences = Checkpoints.differences(path, identity, plan);
      if (!identity.isEmpty() && !differences.isEmpty()) {
        throw new UserError(differences);
      }
      Set<String> emas = new TreeSet<>();
      plan.objective().emas().forEach(spec -> emas.add(spec.id()));
      if (!state.emas().equals(emas)) {
        throw new UserError(
            path
                + ": holds the further moving averages "
                + state.emas()
                + "; the configuration has "
                + emas);
      }
      return progress;
    }
  }

  /** Writes it into the run directory, in the own format. */
  void bring(Store store, RunPlan plan) throws IOException {
    if (path.equals(plan.directory().transfer())) {
      return;
    }
    try (Checkpoint checkpoint = Checkpoint.open(store, path, kind)) {
      Preconditioning own = checkpoint.preconditioning().orElse(Preconditioning.EDM);
      if (kind == CheckpointKind.NETWORK_SNAPSHOT) {
        checkpoint.copy(
            store,
            plan.directory().transfer(),
            own,
            Map.of(Provenance.KEY, Provenance.derived(source)));
      } else {
        checkpoint.copy(
            store,
            plan.directory().latestState(),
            plan.preconditioning(),
            Checkpoints.brought(
                plan, checkpoint.metadata(), checkpoint.progress(plan.objective().batch())));
      }
    }
  }
}

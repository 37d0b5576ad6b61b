package dev.ect.spark.training;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.LabelUse;
import dev.ect.model.dataset.VirtualShards;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.DataConfig;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.RunConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.evaluation.GridPlan;
import dev.ect.spark.report.Provenance;
import dev.ect.spark.report.RunDirectory;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finds out, before anything long starts or is written, what a run will do and whether it can. */
public final class RunPlanner {
  /**
   * A run that can start.
   *
   * @param plan for the executors
   * @param start how far it has come already
   * @param isNew whether its directory is yet to be made
   * @param origin what it starts from, where that is to be brought into its directory
   * @param evaluation of its network, where it is evaluated
   */
  public record Planned(
      RunPlan plan,
      Progress start,
      boolean isNew,
      Optional<Origin> origin,
      Optional<EvaluationPlan> evaluation) {}

  private static final double MAX_SHRINKING = 1 << 20;

  private RunPlanner() {}

  /**
   * Plans a run.
   *
   * @param threads CPU threads of an executor, where the configuration leaves them open
   * @throws UserError with a line for everything that is wrong
   * @throws IOException if a file cannot be read; the message names it
   */
  public static Planned plan(Store store, JobConfig config, int threads) throws IOException {
    List<String> problems = new ArrayList<>();
    if (config.data().path().isEmpty()) {
      problems.add("data.path is empty; expected an EDM dataset, a folder or .zip");
    }
    RunConfig run = config.run();
    checkStages(config.objective(), problems);
    DatasetIndex index =
        problems.isEmpty() || !config.data().path().isEmpty()
            ? index(store, config, problems)
            : null;
    Optional<EvaluationPlan> evaluation = evaluation(store, config, threads, problems);
    Optional<RunDirectory> existing = existing(store, run);
    Optional<Checkpoints.Found> found =
        existing.isPresent() ? Checkpoints.latest(store, existing.get()) : Optional.empty();
    Optional<Origin> origin =
        found.isPresent() ? Optional.empty() : origin(store, run, existing, problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    VirtualShards shards =
        VirtualShards.of(
            index.size(), config.data().virtualShards(), config.objective().batch(), run.seed());
    if (config.spark().executors() > shards.shards()) {
      throw new UserError(
          "spark.executors is "
              + config.spark().executors()
              + "; expected at most "
              + shards.shards()
              + ", the number of virtual shards: the largest divisor of the batch ("
              + config.objective().batch()
              + ") that exceeds neither data.virtual-shards nor the number of images");
    }
    ImageShape shape = index.shape();
    int labelDim = config.data().cond() ? index.labelDim() : 0;
    NetworkSpec spec =
        config.network().spec(shape.width(), shape.channels(), labelDim, config.objective());
    requireBuildable(spec);
    RunDirectory directory =
        existing.isPresent()
            ? existing.get()
            : run.id().isEmpty()
                ? RunDirectory.next(store, run.outdir(), name(config, index))
                : RunDirectory.named(run.outdir(), run.id());
    RunPlan plan =
        new RunPlan(
            directory.path() + "@" + java.util.UUID.randomUUID(),
            directory,
            spec.toJson(),
            config.objective(),
            config.engine(),
            run,
            config.data(),
            index,
            shards,
            GridPlan.of(index, config.data().cond(), run.grid(), run.seed()),
            config.exchange().encoding(),
            threads,
            provenance(
                config,
                index,
                found.map(Checkpoints.Found::source).or(() -> origin.map(Origin::source))));
    return new Planned(
        plan, start(store, plan, found, origin), existing.isEmpty(), origin, evaluation);
  }

  /** What a run starts from that has no state of its own. */
  private static Optional<Origin> origin(
      Store store, RunConfig run, Optional<RunDirectory> existing, List<String> problems)
      throws IOException {
    try {
      Optional<Origin> brought =
          existing.isPresent() ? Origin.brought(store, existing.get()) : Optional.empty();
      return brought.isPresent() ? brought : Origin.of(store, run);
    } catch (UserError | BadFileException e) {
      problems.add(e.getMessage());
      return Optional.empty();
    }
  }

  private static boolean isDirectory(Store store, String path) throws IOException {
    return store.exists(path) && store.info(path).directory();
  }

  private static Provenance provenance(
      JobConfig config, DatasetIndex index, Optional<String> source) {
    return new Provenance(
        ConfigSources.json(config.resolved()),
        Addresses.withoutSecrets(index.path()),
        index.contentKey(),
        source.orElse(""),
        config.run().seed());
  }

  private static Optional<EvaluationPlan> evaluation(
      Store store, JobConfig config, int threads, List<String> problems) throws IOException {
    if (config.run().evalEvery() == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          EvaluationPlan.of(store, config, EvaluationPlan.measurements(config), threads));
    } catch (UserError e) {
      e.getMessage().lines().filter(line -> !problems.contains(line)).forEach(problems::add);
      return Optional.empty();
    }
  }

  /** In float32, t and r are the same number where n(t) / q^(stage+1) is less than about 2^-20. */
  private static void checkStages(ObjectiveConfig objective, List<String> problems) {
    TickSchedule schedule = objective.schedule();
    int stage = schedule.stage(schedule.totalSteps() - 1);
    if (objective.kind() == ObjectiveConfig.Kind.TUNING
        && Math.pow(objective.q(), stage + 1.0) > MAX_SHRINKING) {
      problems.add(
          "the last stage is "
              + stage
              + " with tuning.q = "
              + objective.q()
              + ": r would equal t in float32; expected q^(stage+1) of at most 2^20: raise"
              + " tuning.double-ticks or lower tuning.q");
    }
  }

  private static DatasetIndex index(Store store, JobConfig config, List<String> problems)
      throws IOException {
    DataConfig data = config.data();
    LabelUse labels = data.cond() ? LabelUse.REQUIRE : LabelUse.IGNORE;
    try {
      return DatasetIndexer.index(
          store,
          data.path(),
          new DatasetOptions(labels, data.xflip(), data.maxSize(), config.run().seed()));
    } catch (BadFileException | FileNotFoundException e) {
      problems.add(e.getMessage() + " (data.path)");
      return null;
    }
  }

  private static void requireBuildable(NetworkSpec spec) {
    try {
      Network.of(spec);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  /** The directory that a run goes on in. */
  private static Optional<RunDirectory> existing(Store store, RunConfig run) throws IOException {
    if (!run.resume().isEmpty() && isDirectory(store, run.resume())) {
      return Optional.of(new RunDirectory(run.resume()));
    }
    if (run.id().isEmpty()) {
      return Optional.empty();
    }
    RunDirectory named = RunDirectory.named(run.outdir(), run.id());
    if (!store.exists(named.path())) {
      return Optional.empty();
    }
    if (!isDirectory(store, named.path())) {
      throw new BadFileException(
          named.path(), "is a file; expected the run's directory, or nothing (run.outdir, run.id)");
    }
    return Optional.of(named);
  }

  private static Progress start(
      Store store, RunPlan plan, Optional<Checkpoints.Found> found, Optional<Origin> origin)
      throws IOException {
    if (found.isEmpty()) {
      // A run that stopped before its first checkpoint starts over.
      return origin.isPresent() ? origin.get().check(store, plan) : Progress.START;
    }
    List<String> differences =
        Checkpoints.differences(found.get().path(), found.get().identity(), plan);
    if (!differences.isEmpty()) {
      throw new UserError(differences);
    }
    return found.get().progress();
  }

  /** A run directory's name, after its number. */
  private static String name(JobConfig config, DatasetIndex index) {
    ObjectiveConfig o = config.objective();
    String desc = config.run().desc();
    return String.format(
        Locale.ROOT,
        "%s-%s-%s-%s-%s-%s-gpus%d-batch%d-%s%s",
        index.name().replaceAll("[^A-Za-z0-9._-]", "_"),
        config.data().cond() ? "cond" : "uncond",
        config.network().arch().id(),
        o.kind().id(),
        o.optim().id(),
        BigDecimal.valueOf(o.lr()).stripTrailingZeros().toPlainString(),
        config.spark().executors(),
        o.batch(),
        config.engine().precision().id(),
        desc.isEmpty() ? "" : "-" + desc);
  }
}

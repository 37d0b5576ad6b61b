package dev.ect.spark.api;

import com.typesafe.config.Config;
import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.sampling.FewStepSampler;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.SampleLabels;
import dev.ect.spark.evaluation.SampleStage;
import dev.ect.spark.training.SparkContexts;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.spark.SparkConf;

/**
 * Samples that can be generated.
 *
 * @param config how
 * @param wanted what
 * @param seeds numbers of the images
 * @param labels which the images have
 */
public record SamplePlan(JobConfig config, Sampling wanted, SeedRanges seeds, SampleLabels labels) {
  private static final int MOST_IN_GRID = 10_000;

  /**
   * Checks what is wanted.
   *
   * @param explicit configuration that wins
   * @param fromFile configuration that comes after it
   * @param names how messages call the options
   * @param problems what is wrong already; more is added
   * @throws UserError with a line for everything that is wrong
   */
  public static SamplePlan of(
      Store store,
      Sampling wanted,
      Config explicit,
      Config fromFile,
      OptionNames names,
      List<String> problems)
      throws IOException {
    SeedRanges seeds = seeds(wanted, names, problems);
    checkTimes(names.of("mid-t"), wanted.midT(), problems);
    NetworkSpec spec = spec(store, wanted.network(), names, problems);
    for (String target : List.of(wanted.grid(), wanted.dataset())) {
      if (!target.isEmpty() && store.exists(target)) {
        problems.add(target + ": exists already; expected a new name");
      }
    }
    checkClasses(wanted, spec, names, problems);
    Config seeded =
        ConfigSources.overrides(List.of("run.seed=" + wanted.seed())).withFallback(explicit);
    JobConfig config = EvaluationConfigs.read(store, "", seeded, fromFile, problems);
    return new SamplePlan(config, wanted, seeds, labels(store, wanted, config.data().path(), spec));
  }

  /** Adds a line for every time that no sampler takes. */
  public static void checkTimes(String option, List<Double> times, List<String> problems) {
    for (double t : times) {
      if (!(t > 0 && t < FewStepSampler.T_MAX)) {
        problems.add(option + " is " + t + "; expected more than 0 and less than 80");
      }
    }
  }

  private static SeedRanges seeds(Sampling wanted, OptionNames names, List<String> problems) {
    int before = problems.size();
    SeedRanges seeds = SeedRanges.below(1);
    if (wanted.num() != null && wanted.seeds() != null) {
      problems.add(
          "both "
              + names.of("num")
              + " and "
              + names.of("seeds")
              + " are given; expected one of them");
    }
    if (wanted.count() < 1) {
      problems.add(names.of("num") + " is " + wanted.num() + "; expected at least 1");
    }
    if (problems.size() == before) {
      try {
        seeds =
            wanted.seeds() == null
                ? SeedRanges.below(wanted.count())
                : SeedRanges.of(wanted.seeds());
      } catch (IllegalArgumentException e) {
        problems.add(names.of("seeds") + " " + e.getMessage());
      }
    }
    if (!wanted.grid().isEmpty() && seeds.count() > MOST_IN_GRID) {
      problems.add(
          names.of("grid")
              + " would hold "
              + seeds.count()
              + " images; expected at most "
              + MOST_IN_GRID);
    }
    return seeds;
  }

  /** The network's specification; null where there is none, with the reason among the problems. */
  private static NetworkSpec spec(
      Store store, String network, OptionNames names, List<String> problems) throws IOException {
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, network)) {
      return snapshot.spec();
    } catch (FileNotFoundException e) {
      problems.add(
          store.qualified(network) + ": no such network snapshot (" + names.of("network") + ")");
    } catch (BadFileException e) {
      problems.add(e.getMessage());
    }
    return null;
  }

  private static void checkClasses(
      Sampling wanted, NetworkSpec spec, OptionNames names, List<String> problems) {
    if (spec == null || wanted.classes().isEmpty()) {
      return;
    }
    String classes = names.of("classes");
    if (spec.labelDim() == 0) {
      problems.add(wanted.network() + ": is unconditional; expected no " + classes);
      return;
    }
    for (int each : wanted.classes()) {
      if (each < 0 || each >= spec.labelDim()) {
        problems.add(classes + " has " + each + "; expected 0 to " + (spec.labelDim() - 1));
      }
    }
  }

  private static SampleLabels labels(Store store, Sampling wanted, String data, NetworkSpec spec)
      throws IOException {
    if (spec.labelDim() == 0) {
      return SampleLabels.none();
    }
    if (!wanted.classes().isEmpty()) {
      return SampleLabels.inTurn(spec.labelDim(), wanted.classes());
    }
    if (data.isEmpty()) {
      return SampleLabels.anyClass(spec.labelDim());
    }
    DatasetIndex index = DatasetIndexer.index(store, data, DatasetOptions.ALL);
    if (index.labelDim() != spec.labelDim()) {
      throw new UserError(
          data
              + ": has labels of width "
              + index.labelDim()
              + "; expected "
              + spec.labelDim()
              + " as the network takes them (data.path)");
    }
    return SampleLabels.of(index);
  }

  /**
   * The stage that generates them.
   *
   * @param conf Spark's settings
   */
  public SampleStage stage(SparkConf conf) {
    int executors = config.spark().executors();
    int threads = config.engine().threads();
    return new SampleStage(
        wanted.network(),
        seeds.ranges(),
        wanted.midT(),
        config.run().seed(),
        labels,
        config.engine(),
        config.evaluation().batch(),
        executors,
        threads > 0 ? threads : SparkContexts.threads(conf, executors));
  }

  /** Where they go. */
  public SampleStage.Target target() {
    return new SampleStage.Target(wanted.dataset(), wanted.grid());
  }
}

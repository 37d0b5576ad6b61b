package dev.ect.spark.config;

import dev.ect.model.sampling.FewStepSampler;
import java.io.Serializable;
import java.util.List;

/**
 * The section {@code run}.
 *
 * @param outdir folder of the run directories
 * @param desc added to the name of a numbered run directory
 * @param id names the run and its directory below {@code outdir}; empty for none
 * @param seed every random number follows from it
 * @param transfer network to start from, a checkpoint of any kind; empty for random weights
 * @param resume run directory to go on in, or training state to go on from in a new one; empty for
 *     a new run
 * @param sampleEvery ticks between sample grids
 * @param snapshotEvery ticks between numbered network snapshots
 * @param stateEvery ticks between numbered training states
 * @param checkpointEvery ticks between latest checkpoints
 * @param emaEvery ticks between snapshots of the further moving averages; 0 for the end only
 * @param evalEvery ticks between evaluations; 0 for none
 * @param grid images in a sample grid
 * @param midT intermediate times of few-step sampling
 * @param tensorboard whether to write event files for TensorBoard
 * @param mlflow tracking server to tell
 */
public record RunConfig(
    String outdir,
    String desc,
    String id,
    long seed,
    String transfer,
    String resume,
    long sampleEvery,
    long snapshotEvery,
    long stateEvery,
    long checkpointEvery,
    long emaEvery,
    long evalEvery,
    int grid,
    List<Double> midT,
    boolean tensorboard,
    MlflowConfig mlflow)
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int MAX_GRID = 10_000;

  /** A name that file systems take, with room for what they add. */
  private static final int LONGEST_ID = 200;

  static RunConfig read(ConfigReader in) {
    return new RunConfig(
        in.parsed("run.outdir", RunConfig::outdir, "runs"),
        in.parsed("run.desc", RunConfig::word, ""),
        in.parsed("run.id", RunConfig::id, ""),
        in.integer("run.seed", Long.MIN_VALUE, Long.MAX_VALUE),
        in.string("run.transfer"),
        in.string("run.resume"),
        in.integer("run.sample-every", 1, Long.MAX_VALUE),
        in.integer("run.snapshot-every", 1, Long.MAX_VALUE),
        in.integer("run.state-every", 1, Long.MAX_VALUE),
        in.integer("run.checkpoint-every", 1, Long.MAX_VALUE),
        in.integer("run.ema-every", 0, Long.MAX_VALUE),
        in.integer("run.eval-every", 0, Long.MAX_VALUE),
        (int) in.integer("run.grid", 1, MAX_GRID),
        List.copyOf(
            in.numbers(
                "run.mid-t",
                "each more than 0 and less than 80",
                t -> t > 0 && t < FewStepSampler.T_MAX)),
        in.flag("run.tensorboard"),
        MlflowConfig.read(in));
  }

  private static String outdir(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("outdir is empty; expected a folder");
    }
    return text;
  }

  /** It names a folder. */
  private static String id(String text) {
    if (!text.matches("([A-Za-z0-9][A-Za-z0-9._-]*)?") || text.length() > LONGEST_ID) {
      throw new IllegalArgumentException(
          "id is '"
              + text
              + "'; expected at most "
              + LONGEST_ID
              + " letters, digits, '.', '_' and '-', the first a letter or digit");
    }
    return text;
  }

  private static String word(String text) {
    if (!text.matches("[A-Za-z0-9._-]*")) {
      throw new IllegalArgumentException(
          "text is '" + text + "'; expected letters, digits, '.', '_' and '-' only");
    }
    return text;
  }
}

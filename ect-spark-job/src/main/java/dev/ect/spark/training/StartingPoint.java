package dev.ect.spark.training;

import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.checkpoint.TrainingState;
import dev.ect.model.engine.Engine;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.Tuner;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.Consumer;

/** Makes the tuner of a run at some step: new weights at step 0, else those of the checkpoint. */
final class StartingPoint {
  private final Store store;
  private final RunPlan plan;
  private final Engine engine;
  private final Consumer<String> notes;

  /**
   * @param notes gets lines for the run's log
   */
  StartingPoint(Store store, RunPlan plan, Engine engine, Consumer<String> notes) {
    this.store = store;
    this.plan = plan;
    this.engine = engine;
    this.notes = notes;
  }

  /**
   * The tuner; the caller closes it.
   *
   * @throws ReplicaLostException if there is no checkpoint of that step
   */
  Tuner tuner(Progress start) throws IOException {
    return start.step() == 0 ? fresh() : resumed(start);
  }

  private Tuner fresh() throws IOException {
    Network network = plan.network();
    if (plan.run().transfer().isEmpty()) {
      long seed = plan.run().seed();
      return filled(
          tuner(network, network.initialBuffers(seed)),
          tuner -> {
            tuner.vectors().weights().write(0, FloatBuffer.wrap(network.initialParameters(seed)));
            tuner.begin();
          });
    }
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, plan.directory().transfer())) {
      return filled(
          tuner(network, snapshot.buffers(network)),
          tuner -> {
            List<String> left = snapshot.transfer(network, tuner.vectors().weights());
            tuner.begin();
            notes.accept("starting from " + Addresses.withoutSecrets(plan.run().transfer()));
            left.forEach(
                name ->
                    notes.accept("left aside " + name + ": this run learns without augmentation"));
          });
    }
  }

  private Tuner resumed(Progress start) throws IOException {
    Network network = plan.network();
    Checkpoints.Found found =
        Checkpoints.latest(store, plan.directory())
            .filter(f -> f.progress().step() == start.step())
            .orElseThrow(
                () ->
                    new ReplicaLostException(
                        plan.directory().path()
                            + ": holds no training state of step "
                            + start.step()));
    try (TrainingState state = TrainingState.open(store, found.path())) {
      return filled(
          tuner(network, state.buffers(network)),
          tuner -> {
            state.read(network, tuner.vectors());
            String now = Checkpoints.engine(engine);
            if (!found.engine().isEmpty() && !found.engine().equals(now)) {
              notes.accept(
                  found.path()
                      + " was made with "
                      + found.engine()
                      + "; going on with "
                      + now
                      + " does not give the same bits");
            }
            tuner.resume(found.progress());
          });
    }
  }

  private Tuner tuner(Network network, float[] buffers) {
    return new Tuner(
        engine,
        network,
        plan.preconditioning(),
        buffers,
        plan.objective().optimizer(),
        plan.objective().ema(),
        plan.objective().emas(),
        plan.run().seed());
  }

  @FunctionalInterface
  private interface Filling {
    void fill(Tuner tuner) throws IOException;
  }

  private static Tuner filled(Tuner tuner, Filling filling) throws IOException {
    try {
      filling.fill(tuner);
      return tuner;
    } catch (IOException | RuntimeException | Error e) {
      tuner.close();
      throw e;
    }
  }
}

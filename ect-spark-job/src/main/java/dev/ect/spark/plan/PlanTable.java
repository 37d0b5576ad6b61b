package dev.ect.spark.plan;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** A plan as people read it. */
public final class PlanTable {
  private final PrintStream out;
  private final Measurements measured;
  private final int batch;
  private final long iterations;

  /**
   * @param measured what the plan is made from
   * @param batch images per step
   * @param iterations steps that hours and cost are for
   */
  public PlanTable(PrintStream out, Measurements measured, int batch, long iterations) {
    this.out = out;
    this.measured = measured;
    this.batch = batch;
    this.iterations = iterations;
  }

  /** Prints what the plan is of. */
  public void head() {
    out.printf(
        Locale.ROOT,
        "%n%s, %,d parameters, batch %d; %s %s on %s, %d cores per executor%n%n",
        measured.network(),
        measured.parameters(),
        batch,
        measured.engine(),
        measured.precision(),
        measured.device(),
        measured.cores());
  }

  /**
   * Prints what the plan takes for granted.
   *
   * @param latencyMicros one way through the network, microseconds
   * @param mtu of the network, bytes
   * @param checkpointTicks ticks from checkpoint to checkpoint
   */
  public void assumptions(double latencyMicros, int mtu, long checkpointTicks) {
    StepCosts step = measured.step();
    out.printf(
        Locale.ROOT,
        "%nefficiency: against one executor with the whole batch. exchange: what passes and update"
            + " do not hide of it.%n"
            + "Assumed: one executor per machine, all like the one measured; steps at the last"
            + " stage, the teacher runs for %.0f %% of the images; passes vary by %.1f %% (standard"
            + " deviation), and all wait for the slowest executor;%n"
            + "network: %s us one way, MTU %d, nothing lost, no narrower place behind the links;"
            + " images read in the background;%n"
            + "a checkpoint every %d ticks keeps all waiting for %.2f s; evaluations, grids, start"
            + " and lost executors are left out.%n",
        100 * step.teacherShare(),
        100 * step.spread(),
        number(latencyMicros),
        mtu,
        checkpointTicks,
        step.checkpointSeconds());
  }

  /** Prints predictions under their titles. */
  public void rows(List<Prediction> rows) {
    boolean priced = rows.stream().anyMatch(row -> !Double.isNaN(row.cost()));
    String cost = priced ? "cost" : measured.gpu() ? "GPU-hours" : "executor-hours";
    String steps = iterations % 1000 == 0 ? iterations / 1000 + "k steps" : iterations + " steps";
    String head = "%9s %8s %-9s %6s %9s %9s %9s %10s %8s %-12s %10s %14s%n";
    out.printf(
        Locale.ROOT, head, "", "link", "", "images", "", "exchange", "", "", "", "", steps, steps);
    out.printf(
        Locale.ROOT,
        head,
        "executors",
        "Gbit/s",
        "encoding",
        "each",
        "s/step",
        "s/step",
        "images/s",
        "efficiency",
        "speed-up",
        "lost most to",
        "hours",
        cost);
    for (Prediction row : rows) {
      out.printf(
          Locale.ROOT,
          "%9d %8s %-9s %6d %9.4f %9.4f %9.1f %8.1f %% %8.2f %-12s %10.2f %14.1f%n",
          row.executors(),
          row.executors() == 1 ? "-" : number(row.linkGbps()),
          row.executors() == 1 ? "-" : row.encoding().id(),
          row.images(),
          row.stepSeconds(),
          row.exchangeSeconds(),
          row.imagesPerSecond(),
          100 * row.efficiency(),
          row.speedUp(),
          row.limit().words(),
          row.hours(),
          priced ? row.cost() : row.executorHours());
    }
  }

  /** Without a point where there is nothing behind it. */
  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}

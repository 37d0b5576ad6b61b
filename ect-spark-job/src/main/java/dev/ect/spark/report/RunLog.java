package dev.ect.spark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/**
 * What a run says: lines for people, also kept in {@code log.txt}, and {@code stats.jsonl}. Both
 * files are replaced as a whole, because not every file system can append.
 */
public final class RunLog {
  private static final String LOG = "log.txt";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Store store;
  private final RunDirectory directory;
  private final PrintStream out;
  private final ProgressBar bar;
  private final StringBuilder log = new StringBuilder();
  private final StringBuilder stats = new StringBuilder();
  private final long batch;
  private final long start = System.nanoTime();

  /**
   * Goes on with the files that are there.
   *
   * @param step ticks that ended later are forgotten: they are about to be repeated
   * @param batch images per optimiser step
   */
  public RunLog(
      Store store, RunDirectory directory, PrintStream out, ProgressBar bar, long step, long batch)
      throws IOException {
    this.store = store;
    this.directory = directory;
    this.out = out;
    this.bar = bar;
    this.batch = batch;
    if (store.exists(directory.file(LOG))) {
      log.append(directory.text(store, LOG));
    }
    if (store.exists(directory.file(StatsFile.NAME))) {
      stats.append(directory.text(store, StatsFile.NAME));
    }
    rewind(step);
  }

  /**
   * Forgets the ticks that ended after a step: they are about to be repeated. Lines that are none
   * go too.
   */
  public void rewind(long step) {
    List<String> lines = stats.toString().lines().toList();
    stats.setLength(0);
    for (String line : lines) {
      if (StatsLine.parse(line).map(tick -> tick.step() <= step).orElse(false)) {
        stats.append(line).append('\n');
      }
    }
  }

  /** Says a line; addresses in it lose their secrets. */
  public void line(String said) throws IOException {
    String text = Addresses.hideSecrets(said);
    bar.clear();
    out.println(text);
    log.append(text).append('\n');
    directory.write(store, LOG, log.toString());
  }

  /** Reports a tick; returns its line in {@code stats.jsonl}. */
  public StatsLine tick(TickStats tick) throws IOException {
    String json = json(tick);
    stats.append(json).append('\n');
    directory.write(store, StatsFile.NAME, stats.toString());
    double perTick = tick.seconds();
    line(
        String.format(
            Locale.ROOT,
            "tick %-5d kimg %-9.1f loss %-9.5f time %-11s sec/tick %-7.1f sec/kimg %-7.2f"
                + " img/sec %-7.1f maintenance %-6.1f cpumem %-6.2f peakmem %-6.2f stage %d"
                + " executors %d%s  %s",
            tick.tick(),
            tick.kimg(),
            tick.loss(),
            duration((System.nanoTime() - start) / 1e9),
            perTick,
            perTick / (tick.steps() * batch / 1000.0),
            tick.imagesPerSecond(batch),
            tick.phases().checkpointSeconds(),
            tick.residentGib(),
            tick.peakGib(),
            tick.stage(),
            tick.executors(),
            tick.executors() == 1
                ? ""
                : String.format(Locale.ROOT, "  worst read %.1f%%", 100 * tick.worstDataWait()),
            tick.phases().shares()));
    return StatsLine.parse(json).orElseThrow();
  }

  private String json(TickStats tick) {
    ObjectNode node = JSON.valueToTree(tick);
    // The phases' own names say what they are.
    node.setAll((ObjectNode) node.remove("phases"));
    node.put("kimg", tick.kimg());
    node.put("dataWait", tick.dataWait());
    node.put("images_per_second", tick.imagesPerSecond(batch));
    node.put("timestamp", System.currentTimeMillis() / 1000.0);
    try {
      return JSON.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + tick, e);
    }
  }

  /** Such as {@code 1h 02m 03s}. */
  public static String duration(double seconds) {
    long s = Math.round(seconds);
    if (s < 60) {
      return s + "s";
    }
    if (s < 3600) {
      return String.format(Locale.ROOT, "%dm %02ds", s / 60, s % 60);
    }
    return s < 86400
        ? String.format(Locale.ROOT, "%dh %02dm %02ds", s / 3600, s / 60 % 60, s % 60)
        : String.format(Locale.ROOT, "%dd %02dh %02dm", s / 86400, s / 3600 % 24, s / 60 % 60);
  }
}

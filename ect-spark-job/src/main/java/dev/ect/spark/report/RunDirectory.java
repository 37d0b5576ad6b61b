package dev.ect.spark.report;

import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A run's folder and the names of what lies in it.
 *
 * @param path the folder, on any file system
 */
public record RunDirectory(String path) implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Pattern NUMBERED = Pattern.compile("(\\d{5})-.*");

  /** The number and the hyphen. */
  private static final int NUMBER_LENGTH = 6;

  /** The folder of the run with a name ({@code run.id}), whether it is there or not. */
  public static RunDirectory named(String outdir, String id) {
    return new RunDirectory(Store.join(outdir, id));
  }

  /**
   * The folder for a new run without a name: numbered one higher than the highest there is. It is
   * not made yet.
   *
   * @param name what follows the number
   */
  public static RunDirectory next(Store store, String outdir, String name) throws IOException {
    int highest = -1;
    for (StoredFile each : folders(store, outdir)) {
      Matcher numbered = NUMBERED.matcher(Store.name(each.name()));
      if (numbered.matches()) {
        highest = Math.max(highest, Integer.parseInt(numbered.group(1)));
      }
    }
    return new RunDirectory(
        Store.join(outdir, String.format(Locale.ROOT, "%05d-%s", highest + 1, name)));
  }

  private static List<StoredFile> folders(Store store, String outdir) throws IOException {
    return store.exists(outdir)
        ? store.list(outdir, false).stream().filter(StoredFile::directory).toList()
        : List.of();
  }

  /**
   * Makes the numbered folder for one run alone; where another run has taken it meanwhile, one with
   * the next number.
   */
  public RunDirectory claim(Store store) throws IOException {
    RunDirectory mine = this;
    while (!store.claimDirectory(mine.path)) {
      mine = next(store, Store.parent(path), Store.name(path).substring(NUMBER_LENGTH));
    }
    return mine;
  }

  /** The path of something in the folder. */
  public String file(String name) {
    return Store.join(path, name);
  }

  public String configuration() {
    return file("configuration.conf");
  }

  /** The page that shows the run. */
  public String report() {
    return file("report.html");
  }

  /** A file whose presence asks the run to stop. */
  public String stopFile() {
    return file("stop");
  }

  /** The network that the run started from, imported; absent where it started from scratch. */
  public String transfer() {
    return file("transfer.safetensors");
  }

  /** What the network was before any step. */
  public String initialSnapshot() {
    return file("network-snapshot-initial.safetensors");
  }

  /**
   * A numbered network snapshot.
   *
   * @param kimg by {@link #kimg}
   */
  public String snapshot(String kimg) {
    return file("network-snapshot-" + kimg + ".safetensors");
  }

  public String latestSnapshot() {
    return file("network-snapshot-latest.safetensors");
  }

  /**
   * A numbered training state.
   *
   * @param kimg by {@link #kimg}
   */
  public String state(String kimg) {
    return file("training-state-" + kimg + ".safetensors");
  }

  /**
   * A snapshot of a further moving average.
   *
   * @param id of the average
   * @param kimg by {@link #kimg}
   */
  public String ema(String id, String kimg) {
    return file("ema-" + id + "-" + kimg + ".safetensors");
  }

  public String latestState() {
    return file("training-state-latest.safetensors");
  }

  /**
   * A sample grid, by the number of network evaluations.
   *
   * @param kimg by {@link #kimg}
   */
  public String samples(String kimg, int evaluations) {
    return file("samples-" + kimg + "-" + evaluations + "step.png");
  }

  /** A whole text file. */
  public String text(Store store, String name) throws IOException {
    return new String(store.readAll(file(name)), StandardCharsets.UTF_8);
  }

  /** Replaces a text file. */
  public void write(Store store, String name, String text) throws IOException {
    store.write(file(name), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The thousand images that name a file: whole ones, with three decimals where several ticks would
   * otherwise share a name.
   *
   * @param images processed so far
   * @param tickImages images per tick
   */
  public static String kimg(long images, long tickImages) {
    return tickImages < 1000
        ? String.format(Locale.ROOT, "%06d.%03d", images / 1000, images % 1000)
        : String.format(Locale.ROOT, "%06d", images / 1000);
  }
}

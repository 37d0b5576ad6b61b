package dev.ect.model.checkpoint;

import dev.ect.model.io.Addresses;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import dev.ect.model.network.Network;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.PostHocFit;
import dev.ect.model.tuning.PowerFunctionEma;
import dev.ect.model.tuning.Progress;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts averages that a run has not kept together from the snapshots of its power-function averages
 * ({@link PostHocFit}). The snapshots are read piece by piece and never held in memory; an instance
 * has them all open.
 */
public final class PostHocEma implements AutoCloseable {
  /** Beginning of the names of files that hold power-function averages. */
  private static final String FILE = "ema-" + EmaSpec.SIGMA_REL;

  private static final String SUFFIX = ".safetensors";

  /** Metadata of what was put together: error and parts. */
  private static final String POST_HOC = "post-hoc";

  /**
   * A stored average.
   *
   * @param path of its snapshot
   * @param ema which average
   * @param progress when it was taken
   */
  public record Part(String path, PowerFunctionEma ema, Progress progress) {}

  private record Provenance(String path, String sha256, String ema, long images, double weight) {}

  private record Origin(double error, List<Provenance> parts) {}

  private record Opened(Part part, NetworkSnapshot snapshot) {}

  private final Store store;
  private final List<Opened> opened;
  private final Map<String, String> digests = new LinkedHashMap<>();

  private PostHocEma(Store store, List<Opened> opened) {
    this.store = store;
    this.opened = opened;
  }

  /**
   * Opens the snapshots of a run.
   *
   * @param paths files, and folders whose {@code ema-sigma-rel=*.safetensors} are taken
   * @param problems gets a line for everything that cannot be used; the result is of use only if it
   *     stays empty
   */
  public static PostHocEma open(Store store, Collection<String> paths, List<String> problems)
      throws IOException {
    List<Opened> opened = new ArrayList<>();
    PostHocEma all = new PostHocEma(store, opened);
    try {
      for (String path : files(store, paths, problems)) {
        try {
          all.add(path);
        } catch (BadFileException e) {
          problems.add(e.getMessage());
        }
      }
    } catch (IOException | RuntimeException e) {
      try (all) {
        throw e;
      }
    }
    opened.sort(
        Comparator.comparingDouble((Opened each) -> each.part().ema().sigmaRel())
            .thenComparingLong(each -> each.part().progress().images()));
    if (problems.isEmpty() && opened.size() < 2) {
      problems.add(
          String.join(", ", paths)
              + ": "
              + opened.size()
              + " snapshots of power-function averages; expected at least two, of several widths or"
              + " times");
    }
    return all;
  }

  private static Set<String> files(Store store, Collection<String> paths, List<String> problems)
      throws IOException {
    Set<String> files = new LinkedHashSet<>();
    for (String path : paths) {
      if (!store.exists(path)) {
        problems.add(store.qualified(path) + ": no such file or folder");
      } else if (!store.info(path).directory()) {
        files.add(path);
      } else {
        List<String> inside =
            store.list(path, false).stream()
                .filter(f -> f.name().startsWith(FILE) && f.name().endsWith(SUFFIX))
                .map(StoredFile::path)
                .toList();
        if (inside.isEmpty()) {
          problems.add(
              path
                  + ": holds no "
                  + FILE
                  + "*"
                  + SUFFIX
                  + "; expected a run that keeps such averages (tuning.emas)");
        }
        files.addAll(inside);
      }
    }
    return files;
  }

  private void add(String path) throws IOException {
    NetworkSnapshot snapshot = NetworkSnapshot.open(store, path);
    try {
      opened.add(new Opened(checked(path, snapshot), snapshot));
    } catch (IOException | RuntimeException e) {
      try (snapshot) {
        throw e;
      }
    }
  }

  private Part checked(String path, NetworkSnapshot snapshot) throws IOException {
    String id = snapshot.metadata().getOrDefault(NetworkSnapshot.EMA, "the run's own average");
    PowerFunctionEma ema = powerFunction(id);
    if (ema == null || snapshot.metadata().containsKey(POST_HOC)) {
      throw new BadFileException(
          path,
          "holds "
              + id
              + (ema == null ? "" : " put together afterwards")
              + "; expected a power-function average that a run has kept, such as sigma-rel=0.05");
    }
    Progress progress = snapshot.progress();
    if (progress.images() <= 0) {
      throw new BadFileException(
          path, "was taken after " + progress.images() + " images; expected at least 1");
    }
    if (!opened.isEmpty()) {
      NetworkSnapshot first = opened.get(0).snapshot();
      String other = opened.get(0).part().path();
      if (!snapshot.spec().equals(first.spec())
          || !snapshot.preconditioning().equals(first.preconditioning())) {
        throw new BadFileException(
            path,
            "its network is "
                + snapshot.spec().toJson()
                + ", "
                + snapshot.preconditioning()
                + "; expected that of "
                + other
                + ", "
                + first.spec().toJson()
                + ", "
                + first.preconditioning());
      }
      if (!snapshot
          .metadata()
          .getOrDefault(Checkpoint.IDENTITY, "")
          .equals(first.metadata().getOrDefault(Checkpoint.IDENTITY, ""))) {
        throw new BadFileException(
            path, "was not made by the run of " + other + "; expected snapshots of one run");
      }
    }
    snapshot.parameters(snapshot.network());
    return new Part(path, ema, progress);
  }

  private static PowerFunctionEma powerFunction(String id) {
    try {
      return EmaSpec.parse(id) instanceof PowerFunctionEma power ? power : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** The snapshots, by width and time. */
  public List<Part> parts() {
    return opened.stream().map(Opened::part).toList();
  }

  /** When the last of them was taken. */
  public Progress latest() {
    return parts().stream()
        .map(Part::progress)
        .max(Comparator.comparingLong(Progress::images))
        .orElse(Progress.START);
  }

  /**
   * Finds how much of each snapshot an average takes.
   *
   * @param images after which it would have been taken, more than 0, not more than those of {@link
   *     #latest}
   * @return weights in the order of {@link #parts}
   */
  public PostHocFit fit(PowerFunctionEma wanted, long images) {
    return PostHocFit.of(
        parts().stream().map(p -> p.ema().at((double) p.progress().images())).toList(),
        wanted.at((double) images));
  }

  /**
   * Puts an average together, in float64, and writes it as a network snapshot whose metadata says
   * what it was made of.
   *
   * @param fit by {@link #fit}, of the same average
   */
  public void write(String path, PowerFunctionEma wanted, long images, PostHocFit fit)
      throws IOException {
    NetworkSnapshot first = opened.get(0).snapshot();
    Network network = first.network();
    List<FloatSource> sources = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    List<Provenance> parts = new ArrayList<>();
    for (int i = 0; i < opened.size(); i++) {
      double weight = fit.weights().get(i);
      if (weight != 0) {
        Part part = opened.get(i).part();
        sources.add(opened.get(i).snapshot().parameters(network));
        weights.add(weight);
        parts.add(
            new Provenance(
                Addresses.withoutSecrets(part.path()),
                digest(part.path()),
                part.ema().id(),
                part.progress().images(),
                weight));
      }
    }
    Progress latest = latest();
    long step = Math.round((double) images / latest.images() * latest.step());
    Map<String, String> metadata = new LinkedHashMap<>(first.metadata());
    Checkpoint.OWN.forEach(metadata::remove);
    metadata.put(NetworkSnapshot.EMA, wanted.id());
    metadata.put(NetworkSnapshot.PROGRESS, CheckpointWriter.toJson(new Progress(step, images)));
    metadata.put(POST_HOC, CheckpointWriter.toJson(new Origin(fit.error(), parts)));
    NetworkSnapshot.write(
        store,
        path,
        network,
        first.preconditioning(),
        sum(sources, weights),
        first.buffers(network),
        metadata);
  }

  private String digest(String path) throws IOException {
    if (!digests.containsKey(path)) {
      digests.put(path, Sha256.ofFile(store, path));
    }
    return digests.get(path);
  }

  private static FloatSource sum(List<FloatSource> sources, List<Double> weights) {
    return (offset, into) -> {
      double[] sum = new double[into.remaining()];
      FloatBuffer values = FloatBuffer.allocate(sum.length);
      for (int s = 0; s < sources.size(); s++) {
        double weight = weights.get(s);
        sources.get(s).read(offset, values.clear());
        for (int i = 0; i < sum.length; i++) {
          sum[i] += weight * values.get(i);
        }
      }
      for (double each : sum) {
        into.put((float) each);
      }
    };
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Opened each : opened) {
      try {
        each.snapshot().close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}

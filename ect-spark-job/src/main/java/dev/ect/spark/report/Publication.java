package dev.ect.spark.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What others need of a run, in a folder of its own: the network, the report, the metrics, and
 * {@value #MANIFEST} with the size and SHA-256 of each. The folder appears whole or not at all
 * where the file system can rename it in one step.
 */
public final class Publication {
  /** Names the run and the files. */
  public static final String MANIFEST = "published.json";

  private static final String METRIC = "metric-[^/]+\\.jsonl";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * A file of it.
   *
   * @param name in both folders
   * @param bytes its size
   */
  public record Entry(String name, long bytes, String sha256) {}

  private final Store store;
  private final RunDirectory run;

  public Publication(Store store, RunDirectory run) {
    this.store = store;
    this.run = run;
  }

  /**
   * Copies the files.
   *
   * @param target a folder that is not there yet, or holds what was published of this run before:
   *     the same is left, something else replaced
   * @param out told about each file, and what is missing
   * @return whether anything was written
   * @throws IOException if the run has no network yet, or the target is taken; the message says so
   */
  public boolean write(String target, Consumer<String> out) throws IOException {
    List<StoredFile> files = files(out);
    boolean replaces = store.exists(target);
    if (replaces && published(target).equals(entries(files))) {
      return false;
    }
    String temporary = beside(target);
    try {
      List<Entry> copied = new ArrayList<>();
      for (StoredFile file : files) {
        copied.add(copy(file, Store.join(temporary, file.name())));
        out.accept(
            String.format(java.util.Locale.ROOT, "%s, %.1f MB", file.name(), file.length() / 1e6));
      }
      byte[] manifest = manifest(copied);
      store.write(Store.join(temporary, MANIFEST), to -> to.write(manifest));
      if (replaces) {
        String old = beside(target);
        store.renameDirectory(target, old);
        store.renameDirectory(temporary, target);
        store.delete(old);
      } else {
        store.renameDirectory(temporary, target);
      }
      return true;
    } catch (IOException | RuntimeException | Error failure) {
      try {
        store.delete(temporary);
      } catch (IOException again) {
        failure.addSuppressed(again);
      }
      throw failure;
    }
  }

  private static String beside(String target) {
    return Store.join(Store.parent(target), "." + Store.name(target) + "." + UUID.randomUUID());
  }

  /** What there is to publish, by name. */
  private List<StoredFile> files(Consumer<String> out) throws IOException {
    if (!store.exists(run.path())) {
      throw new FileNotFoundException(store.qualified(run.path()) + ": no such run directory");
    }
    if (!store.exists(run.configuration())) {
      throw new BadFileException(
          run.path(), "is not a run directory: it holds no configuration.conf");
    }
    String network = Store.name(run.latestSnapshot());
    String report = Store.name(run.report());
    List<StoredFile> found =
        store.list(run.path(), false).stream()
            .filter(file -> !file.directory())
            .filter(
                file ->
                    file.name().equals(network)
                        || file.name().equals(report)
                        || file.name().matches(METRIC))
            .toList();
    if (found.stream().noneMatch(file -> file.name().equals(network))) {
      throw new BadFileException(
          run.path(), "holds no " + network + "; expected a run that has reached a checkpoint");
    }
    if (found.stream().noneMatch(file -> file.name().equals(report))) {
      out.accept("without " + report + ", which the run does not have");
    }
    if (found.stream().noneMatch(file -> file.name().matches(METRIC))) {
      out.accept("without metrics, since the run has not been evaluated");
    }
    return found;
  }

  private Entry copy(StoredFile file, String to) throws IOException {
    MessageDigest digest = Sha256.digest();
    store.write(
        to,
        out -> {
          try (InputStream in = new DigestInputStream(store.open(file.path()), digest)) {
            in.transferTo(out);
          }
        });
    return new Entry(file.name(), store.info(to).length(), Sha256.hex(digest.digest()));
  }

  private byte[] manifest(List<Entry> files) throws IOException {
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("run_directory", run.path());
    manifest.put("files", files);
    return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(manifest) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** What is published there already; refuses anything else. */
  private JsonNode published(String target) throws IOException {
    String manifest = Store.join(target, MANIFEST);
    if (store.exists(manifest)) {
      JsonNode found = JSON.readTree(store.readAll(manifest));
      if (found.path("run_directory").asText().equals(run.path())) {
        return found.path("files");
      }
    }
    throw new BadFileException(
        target, "exists already, with something else than this run in it; expected a new name");
  }

  private JsonNode entries(List<StoredFile> files) throws IOException {
    List<Entry> now = new ArrayList<>();
    for (StoredFile file : files) {
      now.add(new Entry(file.name(), file.length(), Sha256.ofFile(store, file.path())));
    }
    return JSON.readTree(JSON.writeValueAsBytes(now));
  }
}

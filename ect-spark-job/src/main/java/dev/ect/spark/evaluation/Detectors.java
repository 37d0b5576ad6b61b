package dev.ect.spark.evaluation;

import dev.ect.model.engine.Precision;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.Detector;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.spark.config.DetectorConfig;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkFiles;
import org.apache.spark.api.java.JavaSparkContext;

/** Detector files that every executor has. */
final class Detectors implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * A file on the executors.
   *
   * @param path where the user has it
   * @param name among Spark's files; says the content, since those cannot be replaced
   * @param sha256 of its content
   * @param width features per image
   */
  record Shipped(String path, String name, String sha256, int width) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  /** No detectors. */
  static final Detectors NONE = new Detectors(null);

  private final EnumMap<DetectorKind, Shipped> files = new EnumMap<>(DetectorKind.class);

  private final EngineConfig engine;

  private Detectors(EngineConfig engine) {
    this.engine = engine;
  }

  /**
   * Sends files to the executors, also to those that come later. They stay until Spark ends.
   *
   * @param engine names the device that they run on
   * @throws BadFileException if one is missing or not what its SHA-256 says
   */
  static Detectors ship(
      JavaSparkContext spark, Store store, Collection<DetectorConfig> wanted, EngineConfig engine)
      throws IOException {
    Detectors detectors = new Detectors(engine);
    for (DetectorConfig config : wanted) {
      String key = "evaluation." + config.kind().id();
      if (!store.exists(config.path())) {
        throw new BadFileException(
            store.qualified(config.path()),
            "no such file (" + key + ".path); expected " + config.kind().published());
      }
      String sha256 = ship(spark, store, config, key);
      detectors.files.put(
          config.kind(),
          new Shipped(config.path(), name(config.kind(), sha256), sha256, config.width()));
    }
    return detectors;
  }

  private static String name(DetectorKind kind, String sha256) {
    return kind.id() + "-" + sha256 + ".pt";
  }

  /** Copies a file among Spark's, which end with it; a name there is a whole file that was sent. */
  private static String ship(JavaSparkContext spark, Store store, DetectorConfig config, String key)
      throws IOException {
    Path copy = Files.createTempFile(Path.of(SparkFiles.getRootDirectory()), "detector", ".tmp");
    try {
      MessageDigest digest = Sha256.digest();
      try (InputStream in = new DigestInputStream(store.open(config.path()), digest)) {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      }
      String sha256 = Sha256.hex(digest.digest());
      if (!config.sha256().isEmpty() && !config.sha256().equals(sha256)) {
        throw new BadFileException(
            config.path(),
            "has SHA-256 " + sha256 + "; expected " + config.sha256() + " (" + key + ".sha256)");
      }
      Path file = copy.resolveSibling(name(config.kind(), sha256));
      if (!Files.exists(file)) {
        Files.move(copy, file);
        spark.addFile(file.toUri().toString());
      }
      return sha256;
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  /** Those that were sent. */
  Map<DetectorKind, Shipped> files() {
    return Collections.unmodifiableMap(files);
  }

  /**
   * Checks that statistics which say what detector they are of are of these.
   *
   * @throws UserError if they are not
   */
  void requireOwn(Map<DetectorKind, Reference> references) {
    references.forEach(
        (kind, reference) -> {
          String sha256 = files.get(kind).sha256();
          if (!reference.detector().isEmpty() && !reference.detector().equals(sha256)) {
            throw new UserError(
                reference.path()
                    + ": is of a detector with SHA-256 "
                    + reference.detector()
                    + "; expected "
                    + sha256
                    + " as evaluation."
                    + kind.id()
                    + ".path has");
          }
        });
  }

  /** For people: kinds, paths and the beginnings of their SHA-256. */
  String describe() {
    return files.entrySet().stream()
        .map(
            each ->
                String.format(
                    "%s %s (sha256 %.12s)",
                    each.getKey().id(), each.getValue().path(), each.getValue().sha256()))
        .collect(Collectors.joining(", "));
  }

  /**
   * Opens one in a task, on the engine's device; the caller closes it. Always float32, whatever
   * generates the images.
   */
  Detector open(DetectorKind kind, TaskDevice device) throws IOException {
    Shipped file = files.get(kind);
    return Detector.open(
        Path.of(SparkFiles.get(file.name())),
        file.path(),
        kind,
        file.width(),
        device.options(engine).withPrecision(Precision.FLOAT32));
  }
}

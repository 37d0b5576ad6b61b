package dev.ect.spark.api;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Where configurations are read from. */
public final class ConfigFiles {
  private ConfigFiles() {}

  /**
   * A file, a preset, or a file at an address such as {@code hdfs://...}, which a driver in cluster
   * mode reaches.
   *
   * @param name null for none
   * @throws UserError if it cannot be understood
   */
  public static Config read(Store store, String name) throws IOException {
    if (name == null) {
      return ConfigFactory.empty();
    }
    return name.matches("[A-Za-z][A-Za-z0-9+.-]+:.*")
        ? ConfigSources.text(new String(store.readAll(name), StandardCharsets.UTF_8), name)
        : ConfigSources.file(name);
  }

  /**
   * {@link #read(Store, String)}; nothing in place of what cannot be read.
   *
   * @param problems gets the reason
   */
  public static Config read(Store store, String name, List<String> problems) throws IOException {
    try {
      return read(store, name);
    } catch (UserError | BadFileException | FileNotFoundException e) {
      problems.add(e.getMessage());
      return ConfigFactory.empty();
    }
  }
}

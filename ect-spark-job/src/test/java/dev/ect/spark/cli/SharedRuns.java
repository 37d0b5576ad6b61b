package dev.ect.spark.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives test classes the {@link Undisturbed} runs that they compare theirs with, made once for all
 * of them.
 */
final class SharedRuns implements ParameterResolver {

  /**
   * Runs to their end without any disturbance.
   *
   * @param runs for more of them
   * @param folder that all are below
   * @param single on one executor, in this JVM
   * @param pair on two executors
   */
  record Undisturbed(DistributedRuns runs, Path folder, RunFiles single, RunFiles pair)
      implements ExtensionContext.Store.CloseableResource {

    static Undisturbed make() {
      try {
        Path folder = Files.createTempDirectory("distributed");
        DistributedRuns runs = new DistributedRuns(folder);
        try {
          RunFiles single = runs.finishAlone("single");
          return new Undisturbed(runs, folder, single, runs.finish("pair", 2));
        } catch (Exception | AssertionError e) {
          end(runs, folder);
          throw e;
        }
      } catch (Exception e) {
        throw new AssertionError("the runs to compare with", e);
      }
    }

    @Override
    public void close() throws IOException {
      end(runs, folder);
    }

    private static void end(DistributedRuns runs, Path folder) throws IOException {
      runs.close();
      List<Path> files;
      try (Stream<Path> found = Files.walk(folder)) {
        files = found.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Undisturbed.class;
  }

  @Override
  public Undisturbed resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(ExtensionContext.Namespace.create(SharedRuns.class))
        .getOrComputeIfAbsent(Undisturbed.class, key -> Undisturbed.make(), Undisturbed.class);
  }
}

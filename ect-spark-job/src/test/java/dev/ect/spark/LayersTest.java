package dev.ect.spark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds the direction in which packages may depend on each other. */
class LayersTest {
  /** Each may use those before it. */
  private static final List<String> LAYERS =
      List.of(
          "config",
          "data",
          "report",
          "tracking",
          "evaluation",
          "conversion",
          "exchange",
          "training",
          "plan",
          "api",
          "cli");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.ect.spark");

  @Test
  void packagesDependDownwardsOnly() {
    for (int i = 0; i < LAYERS.size() - 1; i++) {
      String[] above =
          LAYERS.subList(i + 1, LAYERS.size()).stream()
              .map(LayersTest::tree)
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(tree(LAYERS.get(i)))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(above)
          .allowEmptyShould(true)
          .check(CLASSES);
    }
  }

  @Test
  void tensorsAreReachedThroughTheEngineOnly() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.ect.spark.exchange.GlooGroup")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.ect.model.engine.nd4j..", "dev.ect.model.engine.torch..", "org.bytedeco..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void theParameterServerIsReachedThroughTheExchangeOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage(tree("exchange"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.nd4j..", "io.aeron..", "org.agrona..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  private static String tree(String name) {
    return "dev.ect.spark." + name + "..";
  }
}

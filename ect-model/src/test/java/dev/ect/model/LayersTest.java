package dev.ect.model;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
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
          "random",
          "io",
          "pickle",
          "linalg",
          "engine",
          "network",
          "tuning",
          "dataset",
          "sampling",
          "checkpoint",
          "metrics");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.ect.model");

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
  void enginesDoNotKnowEachOther() {
    independent("dev.ect.model.engine.nd4j..", "dev.ect.model.engine.torch..");
    independent("dev.ect.model.engine.torch..", "dev.ect.model.engine.nd4j..");
  }

  @Test
  void nothingKnowsAnEngineButByItsInterface() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.ect.model.engine.nd4j..", "dev.ect.model.engine.torch..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.ect.model.engine.nd4j..", "dev.ect.model.engine.torch..", "org.nd4j..")
        .check(CLASSES);
  }

  @Test
  void onlyEnginesLinearAlgebraAndTheWebpDecoderAreNative() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.ect.model.engine.nd4j..", "dev.ect.model.engine.torch..", "dev.ect.model.linalg..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.bytedeco..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.ect.model.linalg..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("org.bytedeco..")
                .and(resideOutsideOfPackages("org.bytedeco.openblas..", "org.bytedeco.javacpp..")))
        .check(CLASSES);
    noClasses()
        .that()
        .haveNameNotMatching("dev\\.ect\\.model\\.dataset\\.WebpDecoder(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.luciad..", "kotlin..")
        .check(CLASSES);
  }

  @Test
  void noSparkHadoopOrScala() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.spark..", "org.apache.hadoop..", "scala..", "dev.ect.spark..")
        .check(CLASSES);
  }

  private static void independent(String from, String to) {
    noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(to)
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  private static String tree(String name) {
    return "dev.ect.model." + name + "..";
  }
}

package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.io.BadFileException;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.EdmPreconditioning;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.VpPreconditioning;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Arguments as EDM's published networks have them. */
class ConstructorArgumentsTest {
  private static final Map<String, Object> CIFAR10 =
      Map.ofEntries(
          Map.entry("img_resolution", 32L),
          Map.entry("img_channels", 3L),
          Map.entry("label_dim", 0L),
          Map.entry("use_fp16", true),
          Map.entry("model_type", "SongUNet"),
          Map.entry("embedding_type", "positional"),
          Map.entry("encoder_type", "standard"),
          Map.entry("decoder_type", "standard"),
          Map.entry("channel_mult_noise", 1L),
          Map.entry("resample_filter", List.of(1L, 1L)),
          Map.entry("model_channels", 128L),
          Map.entry("channel_mult", List.of(2L, 2L, 2L)),
          Map.entry("dropout", 0.13),
          Map.entry("augment_dim", 9L));

  private static ConstructorArguments of(String className, Map<String, Object> arguments) {
    return new ConstructorArguments("net.pkl", className, arguments);
  }

  private static Map<String, Object> with(Map<String, Object> arguments, Object... more) {
    Map<String, Object> all = new HashMap<>(arguments);
    for (int i = 0; i < more.length; i += 2) {
      all.put((String) more[i], more[i + 1]);
    }
    return all;
  }

  @Test
  void edmsCifar10Networks() throws IOException {
    NetworkSpec expected = NetworkSpec.of(Architecture.DDPMPP, 32, 3, 0);
    NetworkSpec found = of("EDMPrecond", CIFAR10).spec();
    assertEquals(
        new NetworkSpec(
            expected.arch(), 32, 3, 0, 9, 128, List.of(2, 2, 2), 4, 4, List.of(16), 0.13, 0),
        found);
    assertEquals(
        Architecture.NCSNPP,
        of(
                "VEPrecond",
                with(
                    CIFAR10,
                    "embedding_type",
                    "fourier",
                    "encoder_type",
                    "residual",
                    "channel_mult_noise",
                    2L,
                    "resample_filter",
                    List.of(1L, 3L, 3L, 1L)))
            .spec()
            .arch());
  }

  @Test
  void whatIsNotGivenIsTheClassesDefault() throws IOException {
    Map<String, Object> least =
        Map.of("img_resolution", 64L, "img_channels", 3L, "label_dim", 1000L);
    NetworkSpec adm = NetworkSpec.of(Architecture.ADM, 64, 3, 1000);
    assertEquals(adm, of("EDMPrecond", least).spec());
    assertEquals(
        new NetworkSpec(
            Architecture.DDPMPP,
            64,
            3,
            1000,
            0,
            128,
            List.of(1, 2, 2, 2),
            4,
            4,
            List.of(16),
            0.1,
            0),
        of("VPPrecond", least).spec());
  }

  @Test
  void everyClassHasItsFormulas() throws IOException {
    assertEquals(Preconditioning.EDM, of("EDMPrecond", Map.of()).preconditioning());
    assertEquals(Preconditioning.ECM, of("ECMPrecond", Map.of()).preconditioning());
    assertEquals(Preconditioning.VP, of("VPPrecond", Map.of()).preconditioning());
    assertEquals(Preconditioning.VE, of("VEPrecond", Map.of()).preconditioning());
    assertEquals(
        new EdmPreconditioning(1, 0.002),
        of("ECMPrecond", Map.of("sigma_data", 1L, "sigma_min", 0.002)).preconditioning());
    // EDM's smallest noise level has no part in its formulas.
    assertEquals(
        Preconditioning.EDM, of("EDMPrecond", Map.of("sigma_min", 0.002)).preconditioning());
    assertEquals(
        new VpPreconditioning(20, 0.2, 100),
        of("VPPrecond", Map.of("beta_d", 20L, "beta_min", 0.2, "M", 100L)).preconditioning());
  }

  @Test
  void iddpmIsRefusedByName() {
    assertEquals(
        "net.pkl: its network is a iDDPMPrecond; expected EDMPrecond, ECMPrecond, VPPrecond or"
            + " VEPrecond",
        assertThrows(BadFileException.class, () -> of("iDDPMPrecond", CIFAR10).preconditioning())
            .getMessage());
  }

  @Test
  void allThatCannotBeComputedIsNamedAtOnce() {
    String message =
        assertThrows(
                BadFileException.class,
                () ->
                    of(
                            "EDMPrecond",
                            with(
                                CIFAR10,
                                "decoder_type",
                                "skip",
                                "channel_mult_noise",
                                2L,
                                "resample_filter",
                                List.of(1L, 3L, 3L, 1L),
                                "num_blocks",
                                "four",
                                "spectral_norm",
                                true))
                        .spec())
            .getMessage();
    assertEquals(
        "net.pkl: its EDMPrecond is built in a way unknown here: unknown spectral_norm = true;"
            + " decoder_type is skip; expected standard; channel_mult_noise is 2; expected 1;"
            + " resample_filter is [1, 3, 3, 1]; expected [1, 1]; num_blocks is four; expected an"
            + " integer",
        message);
  }
}

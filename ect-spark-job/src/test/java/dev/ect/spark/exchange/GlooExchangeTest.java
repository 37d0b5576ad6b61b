package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.config.ExchangeConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GlooExchangeTest {
  private static final int LENGTH = 300_001;
  private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

  private static Gang gang(int world, Duration timeout) throws Exception {
    return Gang.of(world, Gang.config(ExchangeConfig.Transport.GLOO, timeout));
  }

  private static Gang gang(int world) throws Exception {
    return gang(world, Gang.TIMEOUT);
  }

  private static float[] share(int rank, int length) {
    Random random = new Random(31L * length + rank);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (random.nextFloat() - 0.5f) * (1 << random.nextInt(24));
    }
    return values;
  }

  private static float[] exchanged(int rank, GradientExchange exchange, int length) {
    try (HostTensor gradient = new HostTensor(share(rank, length))) {
      exchange.begin(gradient);
      List<byte[]> notes = exchange.finish(("from " + rank).getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < exchange.world(); i++) {
        assertEquals("from " + i, new String(notes.get(i), StandardCharsets.UTF_8));
      }
      return gradient.values();
    }
  }

  private static String failure(Future<?> future) {
    ExecutionException e = assertThrows(ExecutionException.class, future::get);
    assertEquals(ExchangeException.class, e.getCause().getClass(), String.valueOf(e.getCause()));
    return e.getCause().getMessage();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void allRanksEndWithTheSameBitsOfTheSum(int world) throws Exception {
    try (Gang gang = gang(world)) {
      for (int length : new int[] {LENGTH, world - 1, 1, 0, 5_000_011}) {
        List<float[]> sums = gang.each((rank, e) -> exchanged(rank, e, length));
        double[] exact = new double[length];
        double[] magnitude = new double[length];
        for (int rank = 0; rank < world; rank++) {
          float[] share = share(rank, length);
          for (int i = 0; i < length; i++) {
            exact[i] += share[i];
            magnitude[i] += Math.abs(share[i]);
          }
        }
        for (float[] sum : sums) {
          assertArrayEquals(sums.get(0), sum, 0f, "of " + length);
        }
        for (int i = 0; i < length; i++) {
          // n - 1 additions, each off by half a unit in the last place of at most the magnitude.
          assertEquals(exact[i], sums.get(0)[i], (world - 1) * 6e-8 * magnitude[i], "value " + i);
        }
      }
    }
  }

  @Test
  void trafficIsTwiceTheOthersShareOfTheVector() throws Exception {
    try (Gang gang = gang(3)) {
      List<Traffic> before = gang.each((rank, exchange) -> exchange.traffic());
      gang.each((rank, exchange) -> exchanged(rank, exchange, 300_000));
      for (int rank = 0; rank < 3; rank++) {
        long sent = gang.exchange(rank).traffic().bytesSent() - before.get(rank).bytesSent();
        assertTrue(sent >= 1_600_000 && sent < 1_610_000, sent + " bytes sent");
      }
    }
  }

  @Test
  void ranksThatTrainVectorsOfDifferentLengthsAreTold() throws Exception {
    try (Gang gang = gang(2)) {
      ExchangeException e =
          assertThrows(
              ExchangeException.class,
              () -> gang.each((rank, exchange) -> exchanged(rank, exchange, 1000 + rank)));
      assertEquals(
          "rank 1 has a gradient of 1001 values, this rank one of 1000: they do not train the same",
          e.getMessage());
    }
  }

  @Test
  void aRankThatGivesUpTellsThoseThatWaitForItsGradient() throws Exception {
    try (Gang gang = gang(3)) {
      List<Future<float[]>> waiting =
          List.of(
              gang.start(1, (rank, e) -> exchanged(rank, e, LENGTH)),
              gang.start(2, (rank, e) -> exchanged(rank, e, LENGTH)));
      gang.exchange(0).abort("the loss is not finite");
      for (Future<float[]> each : waiting) {
        String message = failure(each);
        assertTrue(message.contains(") gave up: the loss is not finite (in exchange "), message);
      }
    }
  }

  @Test
  void aPeerThatFallsSilentIsNamedAfterTheTimeout() throws Exception {
    try (Gang gang = gang(2, Duration.ofSeconds(3))) {
      gang.each((rank, exchange) -> exchanged(rank, exchange, 10));
      gang.node(1).close();
      String message = failure(gang.start(0, (rank, e) -> exchanged(rank, e, LENGTH)));
      assertTrue(message.contains(") has been silent for 3 s in exchange "), message);
      gang.exchange(0).abort("lost rank 1");
    }
  }

  @Test
  void aPeerThatComputesForLongerThanTheTimeoutIsWaitedFor() throws Exception {
    try (Gang gang = gang(2, Duration.ofSeconds(3))) {
      Future<float[]> early = gang.start(0, (rank, e) -> exchanged(rank, e, LENGTH));
      long start = System.nanoTime();
      Eventually.holds("4 s", () -> System.nanoTime() - start > 4_000_000_000L);
      assertArrayEquals(exchanged(1, gang.exchange(1), LENGTH), early.get());
    }
  }

  @Test
  void aPeerThatClosesIsNamed() throws Exception {
    try (Gang gang = gang(2)) {
      gang.exchange(1).close();
      String message = failure(gang.start(0, (rank, e) -> exchanged(rank, e, LENGTH)));
      assertTrue(message.contains("has closed its exchange"), message);
    }
  }

  @Test
  void aCancelledTaskStopsWaiting() throws Exception {
    try (Gang gang = gang(2)) {
      Future<float[]> waiting = gang.start(0, (rank, e) -> exchanged(rank, e, LENGTH));
      gang.cancelled.set(true);
      assertTrue(failure(waiting).startsWith("cancelled in exchange "));
    }
  }

  @Test
  void itListensAtItsAddressOnlyAndLeavesNothingBehind() throws Exception {
    gang(2).close();
    Set<Path> foldersBefore = folders();
    List<String> socketsBefore = sockets();
    int threadsBefore = threads();
    try (Gang gang = gang(2)) {
      gang.each((rank, exchange) -> exchanged(rank, exchange, LENGTH));
      List<String> opened = sockets();
      assertTrue(opened.size() >= socketsBefore.size() + 4, opened.toString());
      opened.removeAll(socketsBefore);
      assertFalse(opened.stream().anyMatch(a -> a.matches("0+:.*")), opened.toString());
    }
    Eventually.holds(
        "no socket is left",
        () -> {
          try {
            return sockets().size() <= socketsBefore.size();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    Eventually.holds("no thread is left", () -> threads() <= threadsBefore);
    assertEquals(foldersBefore, folders());
  }

  /** Of this process; others may exchange at the same time. */
  private static Set<Path> folders() throws IOException {
    String prefix = "ect-gloo-" + ProcessHandle.current().pid() + "-";
    try (Stream<Path> all = Files.list(TEMPORARY)) {
      return all.filter(f -> f.getFileName().toString().startsWith(prefix))
          .collect(Collectors.toSet());
    }
  }

  /** Of the system, Gloo's included. */
  private static int threads() {
    String[] tasks = Path.of("/proc/self/task").toFile().list();
    return tasks == null ? 0 : tasks.length;
  }

  /** Local addresses, in the kernel's hexadecimal, of this process's TCP sockets. */
  private static List<String> sockets() throws IOException {
    Set<String> own;
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      own =
          fds.map(GlooExchangeTest::target)
              .filter(t -> t.startsWith("socket:["))
              .map(t -> t.substring("socket:[".length(), t.length() - 1))
              .collect(Collectors.toSet());
    }
    return Stream.of("/proc/net/tcp", "/proc/net/tcp6")
        .flatMap(f -> lines(Path.of(f)))
        .map(line -> line.strip().split("\\s+"))
        .filter(fields -> own.contains(fields[9]))
        .map(fields -> fields[1])
        .collect(Collectors.toCollection(java.util.ArrayList::new));
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "";
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream().skip(1);
    } catch (IOException e) {
      return Stream.empty();
    }
  }
}

package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DenseExchangeTest {
  private static final int SEVERAL_CHUNKS = 300_001;

  private static float[] share(int rank, int length, long seed) {
    Random random = new Random(seed * 31 + rank);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (random.nextFloat() - 0.5f) * (1 << random.nextInt(24));
    }
    return values;
  }

  private static float[] sum(int world, int length, long seed) {
    float[] sum = share(0, length, seed);
    for (int rank = 1; rank < world; rank++) {
      float[] share = share(rank, length, seed);
      for (int i = 0; i < length; i++) {
        sum[i] += share[i];
      }
    }
    return sum;
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static float[] exchanged(int rank, GradientExchange exchange, int length, long seed) {
    try (HostTensor gradient = new HostTensor(share(rank, length, seed))) {
      exchange.begin(gradient);
      List<byte[]> notes = exchange.finish(text("from " + rank));
      for (int i = 0; i < exchange.world(); i++) {
        assertEquals("from " + i, new String(notes.get(i), StandardCharsets.UTF_8));
      }
      return gradient.values();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void everyRankEndsWithTheFloat32SumInTheOrderOfTheRanks(int world) throws Exception {
    try (Gang gang = Gang.of(world)) {
      for (int length : new int[] {SEVERAL_CHUNKS, world - 1, 1, 0, 7, 65_408 * world}) {
        float[] expected = sum(world, length, length);
        for (float[] actual : gang.each((rank, e) -> exchanged(rank, e, length, length))) {
          assertArrayEquals(expected, actual, 0f, "of " + length);
        }
      }
    }
  }

  @Test
  void sendingPartsWhileTheRestIsComputedChangesNothing() throws Exception {
    float[] expected = sum(3, SEVERAL_CHUNKS, 5);
    try (Gang gang = Gang.of(3)) {
      List<float[]> sums =
          gang.each(
              (rank, exchange) -> {
                float[] share = share(rank, SEVERAL_CHUNKS, 5);
                float[] values = new float[SEVERAL_CHUNKS];
                try (HostTensor gradient = new HostTensor(values)) {
                  exchange.begin(gradient);
                  int step = 10_007 * (rank + 1);
                  for (int to = SEVERAL_CHUNKS; to > 0; to -= step) {
                    int from = Math.max(0, to - step);
                    System.arraycopy(share, from, values, from, to - from);
                    exchange.ready(from);
                  }
                  exchange.finish(new byte[0]);
                }
                return values;
              });
      for (float[] sum : sums) {
        assertArrayEquals(expected, sum, 0f);
      }
    }
  }

  @Test
  void gatherReturnsBytesOfAnyNumberByRank() throws Exception {
    int[] lengths = {0, 3_000_017, 1};
    try (Gang gang = Gang.of(3)) {
      List<List<byte[]>> gathered =
          gang.each((rank, exchange) -> exchange.gather(bytes(lengths[rank], rank)));
      for (List<byte[]> all : gathered) {
        for (int rank = 0; rank < 3; rank++) {
          assertArrayEquals(bytes(lengths[rank], rank), all.get(rank), "of rank " + rank);
        }
      }
    }
  }

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void trafficIsTwiceTheOthersShareOfTheVector() throws Exception {
    int length = 65_408 * 3 * 2;
    try (Gang gang = Gang.of(3)) {
      List<Traffic> before = gang.each((rank, exchange) -> exchange.traffic());
      gang.each((rank, exchange) -> exchanged(rank, exchange, length, 1));
      gang.each((rank, exchange) -> exchange.gather(new byte[0]));
      for (int rank = 0; rank < 3; rank++) {
        Traffic traffic = gang.exchange(rank).traffic();
        long values = 2L * length * 2 / 3 * Float.BYTES;
        long sent = traffic.bytesSent() - before.get(rank).bytesSent();
        long received = traffic.bytesReceived() - before.get(rank).bytesReceived();
        assertTrue(sent > values && sent < values + 10_000, sent + " bytes sent");
        assertTrue(received > values && received < values + 10_000, received + " bytes received");
        assertEquals(0, traffic.framesDropped());
      }
    }
  }

  @Test
  void ranksThatTrainVectorsOfDifferentLengthsAreTold() throws Exception {
    try (Gang gang = Gang.of(2)) {
      ExchangeException e =
          assertThrows(
              ExchangeException.class,
              () -> gang.each((rank, exchange) -> exchanged(rank, exchange, 1000 + rank, 1)));
      assertTrue(e.getMessage().contains("they do not train the same"), e.getMessage());
    }
  }
}

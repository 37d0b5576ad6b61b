package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.config.ExchangeConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class LostPeerTest {
  private static final double NANOS = 1e9;

  private static String failure(Future<?> future) {
    ExecutionException e = assertThrows(ExecutionException.class, future::get);
    return assertThrows(
            ExchangeException.class,
            () -> {
              throw e.getCause();
            })
        .getMessage();
  }

  @Test
  void aPeerThatFallsSilentIsNamedAfterTheTimeout() throws Exception {
    try (Gang gang = Gang.of(3, Gang.config(Duration.ofSeconds(3)))) {
      gang.each((rank, exchange) -> exchange.gather(new byte[1]));
      String endpoint = gang.node(1).endpoint();
      // Its node goes without a word, as with a killed executor.
      gang.node(1).close();
      long start = System.nanoTime();
      String message = failure(gang.start(0, (rank, exchange) -> exchange.gather(new byte[1])));
      double seconds = (System.nanoTime() - start) / NANOS;
      assertTrue(
          message.startsWith("rank 1 (" + endpoint + ") has been silent for 3 s in exchange 2;"),
          message);
      assertTrue(seconds < 20, seconds + " s");
      gang.exchange(0).abort("lost rank 1");
      gang.exchange(2).abort("lost rank 1");
    }
  }

  @Test
  void aPeerThatComputesForLongerThanTheTimeoutIsWaitedFor() throws Exception {
    try (Gang gang = Gang.of(2, Gang.config(Duration.ofSeconds(3)))) {
      Future<List<byte[]>> early =
          gang.start(0, (rank, exchange) -> exchange.gather(new byte[] {7}));
      long start = System.nanoTime();
      Eventually.holds("4 s", () -> System.nanoTime() - start > 4 * NANOS);
      assertEquals(7, gang.exchange(1).gather(new byte[] {8}).get(0)[0]);
      assertEquals(8, early.get().get(1)[0]);
    }
  }

  @Test
  void aRankThatGivesUpTellsTheOthersWhy() throws Exception {
    try (Gang gang = Gang.of(3)) {
      String endpoint = gang.node(0).endpoint();
      Future<?> second = gang.start(1, (rank, exchange) -> exchange.gather(new byte[1]));
      Future<?> third =
          gang.start(
              2,
              (rank, exchange) -> {
                exchange.begin(new HostTensor(new float[10]));
                return exchange.finish(new byte[0]);
              });
      gang.exchange(0).abort("the loss is not finite");
      for (Future<?> each : List.of(second, third)) {
        assertEquals(
            "rank 0 (" + endpoint + ") gave up: the loss is not finite (in exchange 1)",
            failure(each));
      }
    }
  }

  @Test
  void aPeerThatHasClosedIsNamedAtOnce() throws Exception {
    try (Gang gang = Gang.of(2)) {
      gang.exchange(1).close();
      String message = failure(gang.start(0, (rank, exchange) -> exchange.gather(new byte[1])));
      assertTrue(message.contains("has closed its exchange"), message);
    }
  }

  @Test
  void aCancelledTaskStopsWaiting() throws Exception {
    try (Gang gang = Gang.of(2)) {
      Future<?> waiting = gang.start(0, (rank, exchange) -> exchange.gather(new byte[1]));
      gang.cancelled.set(true);
      assertEquals("cancelled in exchange 1", failure(waiting));
    }
  }

  @Test
  void aServerThatDoesNotAnswerIsOneErrorInBoundedTime() throws Exception {
    ExchangeConfig config = Gang.config(Duration.ofSeconds(2));
    Invitation invitation;
    try (ParameterServer server = ParameterServer.start(config, "127.0.0.1")) {
      invitation = server.invitation();
    }
    long start = System.nanoTime();
    ExchangeException e =
        assertThrows(
            ExchangeException.class,
            () -> ParameterServerNode.join(invitation, "127.0.0.1", () -> false));
    assertTrue((System.nanoTime() - start) / NANOS < 15);
    assertTrue(
        e.getMessage()
            .startsWith(
                "the parameter server at " + invitation.rootChannel() + " does not answer for 2 s"),
        e.getMessage());
  }

  @Test
  void aPortThatIsTakenIsSkippedAndARangeWithoutAFreeOneIsAnError() throws Exception {
    int first = Endpoint.any(java.net.InetAddress.getLoopbackAddress()).port();
    ExchangeConfig config = ports(first, first + 1);
    try (ParameterServer one = ParameterServer.start(config, "127.0.0.1");
        ParameterServer two = ParameterServer.start(config, "127.0.0.1")) {
      assertEquals("aeron:udp?endpoint=127.0.0.1:" + first, one.invitation().rootChannel());
      assertEquals("aeron:udp?endpoint=127.0.0.1:" + (first + 1), two.invitation().rootChannel());
      ExchangeException e =
          assertThrows(ExchangeException.class, () -> ParameterServer.start(config, "127.0.0.1"));
      assertTrue(
          e.getMessage()
              .startsWith("no UDP port of " + first + "-" + (first + 1) + " is free at 127.0.0.1;"),
          e.getMessage());
    }
  }

  @Test
  void allInterfacesAreRefused() {
    ExchangeException e =
        assertThrows(
            ExchangeException.class,
            () -> ParameterServer.start(Gang.config(Gang.TIMEOUT), "0.0.0.0"));
    assertTrue(e.getMessage().contains("expected the address of one network interface"));
  }

  private static ExchangeConfig ports(int first, int last) {
    ExchangeConfig any = Gang.config(Gang.TIMEOUT);
    return new ExchangeConfig(
        any.encoding(),
        any.transport(),
        any.bindAddress(),
        first,
        last,
        any.timeout(),
        any.threshold());
  }
}

package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.driver.MediaDriver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.nd4j.parameterserver.distributed.v2.messages.pairs.ping.PingMessage;

/** What nodes do with what others than their peers send them. */
class StrangersTest {
  private static final int SERVER = SecureTransport.SERVER_STREAM;
  private static final int DATA = SERVER + 2;
  private static final long NOBODY = 77;

  private static void assertUnharmed(Gang gang) throws Exception {
    for (List<byte[]> all : gang.each((rank, e) -> e.gather(new byte[] {(byte) rank}))) {
      assertEquals(0, all.get(0)[0]);
      assertEquals(1, all.get(1)[0]);
    }
  }

  private static void dropped(Gang gang, long atLeast) {
    Eventually.holds(
        atLeast + " frames are dropped",
        () -> gang.exchange(0).traffic().framesDropped() >= atLeast);
  }

  private static byte[] serialised(Object object) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    return bytes.toByteArray();
  }

  /** An Aeron client of somebody else, on the same machine. */
  private static final class Stranger implements AutoCloseable {
    private final MediaDriver driver;
    private final Aeron aeron;
    private final String target;

    private Stranger(String target) {
      this.target = target;
      driver =
          MediaDriver.launchEmbedded(
              new MediaDriver.Context().dirDeleteOnShutdown(true).dirDeleteOnStart(true));
      aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
    }

    private ExclusivePublication open(int stream) {
      ExclusivePublication publication =
          aeron.addExclusivePublication(
              target + "|interface=127.0.0.1|term-length=4m|mtu=8k", stream);
      Eventually.holds("connected", publication::isConnected);
      return publication;
    }

    private static void send(ExclusivePublication publication, byte[] bytes) {
      Eventually.holds("sent", () -> publication.offer(new UnsafeBuffer(bytes)) > 0);
    }

    private Connection sealed(int stream, byte[] secret, long sender) {
      return new Connection(
          open(stream), target, sender, new Seal(secret, target, stream), new LongAdder());
    }

    @Override
    public void close() {
      aeron.close();
      driver.close();
    }
  }

  private static void send(Connection connection, OutgoingFrame frame) {
    Eventually.holds("sent", () -> connection.offer(frame));
  }

  @Test
  void randomDatagramsAreCounted() throws Exception {
    try (Gang gang = Gang.of(2);
        DatagramSocket socket = new DatagramSocket()) {
      Endpoint target = Endpoint.parse(gang.node(0).endpoint());
      Random random = new Random(1);
      for (int i = 0; i < 200; i++) {
        byte[] bytes = new byte[1 + random.nextInt(2000)];
        random.nextBytes(bytes);
        socket.send(
            new DatagramPacket(
                bytes, bytes.length, new InetSocketAddress(target.address(), target.port())));
      }
      dropped(gang, 1);
      assertUnharmed(gang);
    }
  }

  @Test
  void anObjectWithoutASealIsDroppedAndItsSenderCutOff() throws Exception {
    try (Gang gang = Gang.of(2);
        Stranger stranger = new Stranger(gang.node(0).endpoint())) {
      byte[] object = serialised(new PingMessage());
      for (int stream = SERVER; stream <= DATA; stream++) {
        ExclusivePublication publication = stranger.open(stream);
        for (int i = 0; i < 5; i++) {
          Stranger.send(publication, object);
        }
      }
      dropped(gang, 3);
      assertUnharmed(gang);
      // One for each session: what follows the first is not read.
      assertEquals(3, gang.exchange(0).traffic().framesDropped());
    }
  }

  @Test
  void aSealWithAnotherSecretIsDropped() throws Exception {
    try (Gang gang = Gang.of(2);
        Stranger stranger = new Stranger(gang.node(0).endpoint())) {
      send(stranger.sealed(DATA, new byte[32], 1), OutgoingFrame.of(FrameKind.HELLO));
      dropped(gang, 1);
      assertUnharmed(gang);
    }
  }

  @Test
  void aReplayedFrameIsDropped() throws Exception {
    try (Gang gang = Gang.of(2);
        Stranger stranger = new Stranger(gang.node(0).endpoint())) {
      byte[] secret = gang.server().invitation().secret();
      // The same bytes as rank 1's greeting, and as what may follow it.
      Connection replay = stranger.sealed(DATA, secret, 1);
      send(replay, OutgoingFrame.of(FrameKind.HELLO));
      dropped(gang, 1);
      send(replay, new OutgoingFrame(FrameKind.GATHER, 1, 0, 1, Payload.of(new byte[1]), 1));
      assertUnharmed(gang);
      assertEquals(1, gang.exchange(0).traffic().framesDropped());
    }
  }

  @Test
  void anObjectOfAClassThatIsNotListedIsDroppedThoughItsSealIsRight() throws Exception {
    try (Gang gang = Gang.of(2);
        Stranger stranger = new Stranger(gang.node(0).endpoint())) {
      Connection member = stranger.sealed(SERVER, gang.server().invitation().secret(), NOBODY);
      send(member, OutgoingFrame.of(FrameKind.HELLO));
      for (Object object : List.of(Map.of("a", 1), new ArrayList<>(List.of("b")))) {
        send(member, OutgoingFrame.of(FrameKind.SERVER_MESSAGE, 0, serialised(object)));
      }
      dropped(gang, 2);
      assertUnharmed(gang);
      assertEquals(2, gang.exchange(0).traffic().framesDropped());
    }
  }

  @Test
  void aFrameLongerThanAllowedIsDroppedUnread() throws Exception {
    try (Gang gang = Gang.of(2);
        Stranger stranger = new Stranger(gang.node(0).endpoint())) {
      Connection member = stranger.sealed(SERVER, gang.server().invitation().secret(), NOBODY);
      send(member, OutgoingFrame.of(FrameKind.HELLO));
      ExclusivePublication publication = stranger.open(SERVER);
      byte[] header = new byte[FrameHeader.BYTES];
      FrameHeader.write(
          header,
          new OutgoingFrame(FrameKind.HELLO, 0, 0, 0, Payload.EMPTY, Integer.MAX_VALUE),
          NOBODY,
          0);
      Stranger.send(publication, header);
      dropped(gang, 1);
      assertUnharmed(gang);
    }
  }

  @Test
  void listedMessagesOfTheServerAreRead() throws Exception {
    List<String> read = new CopyOnWriteArrayList<>();
    byte[] ping = serialised(new PingMessage());
    read.add(ServerMessages.read(ping, ping.length).getClass().getSimpleName());
    assertEquals(List.of("PingMessage"), read);
    assertTrue(ping.length < 1000);
  }
}

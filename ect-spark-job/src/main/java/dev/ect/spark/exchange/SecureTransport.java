package dev.ect.spark.exchange;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.status.SystemCounterDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.IoUtil;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.v2.messages.RequestMessage;
import org.nd4j.parameterserver.distributed.v2.messages.ResponseMessage;
import org.nd4j.parameterserver.distributed.v2.messages.VoidMessage;
import org.nd4j.parameterserver.distributed.v2.transport.impl.AeronUdpTransport;
import org.nd4j.parameterserver.distributed.v2.util.MeshOrganizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DL4J's transport with every message sealed, every wait bounded, and everything it starts ended by
 * {@link #shutdown()}. Carries the parameter server's own messages in one stream; {@link Peers} add
 * theirs.
 */
final class SecureTransport extends AeronUdpTransport {
  /** Stream of the parameter server's own messages. */
  static final int SERVER_STREAM = 119;

  private static final Logger LOG = LoggerFactory.getLogger(SecureTransport.class);
  private static final int SERVER_TERM = 1 << 18;
  private static final int MAX_MESSAGE = 1 << 20;
  private static final int MESSAGES_WAITING = 256;

  /** How long a driver may stand still. */
  static final long DRIVER_TIMEOUT_MILLIS = 30_000;

  private static final long KEEP_ALIVE_NANOS = 100_000_000L;
  private static final long PAUSE_NANOS = 1_000_000L;
  private static final long END_MILLIS = 5_000;

  /** A peer that does not take the server's messages must not hold up those to others. */
  private static final Duration MESSAGE_PATIENCE = Duration.ofSeconds(2);

  private final Endpoint own;
  private final byte[] secret;
  private final Duration timeout;
  private final BooleanSupplier cancelled;
  private final Drops drops = new Drops();
  private final LongAdder bytesSent = new LongAdder();
  private final LongAdder bytesReceived = new LongAdder();
  private final long number = new SecureRandom().nextLong();
  private final Map<String, Connection> connections = new ConcurrentHashMap<>();
  private final List<FrameReader> readers = new CopyOnWriteArrayList<>();
  private final BlockingQueue<VoidMessage> received = new ArrayBlockingQueue<>(MESSAGES_WAITING);
  private final Object connecting = new Object();
  private final Path directory;
  private final Thread poller;
  private final Thread handler;
  private volatile boolean closing;
  private volatile long invalidAtClose;

  /**
   * @param own where to listen
   * @param root where the parameter server listens; the same for itself
   * @param timeout longest wait for another node
   * @param cancelled whether to give up waiting
   */
  SecureTransport(
      Endpoint own,
      Endpoint root,
      VoidConfiguration configuration,
      byte[] secret,
      Duration timeout,
      BooleanSupplier cancelled) {
    super(own.host(), own.port(), root.host(), root.port(), configuration);
    this.own = own;
    this.secret = secret.clone();
    this.timeout = timeout;
    this.cancelled = cancelled;
    directory = Path.of(driver.aeronDirectoryName());
    // DL4J's threads bind themselves to a device of ND4J first, which loads its native library:
    // nothing here computes with it, and the run may use another engine.
    executorService.setThreadFactory(SecureTransport::daemon);
    // DL4J's client ends the whole process when the driver stands still for long.
    aeron.close();
    context =
        new Aeron.Context()
            .aeronDirectoryName(driver.aeronDirectoryName())
            .driverTimeoutMs(DRIVER_TIMEOUT_MILLIS)
            .keepAliveIntervalNs(KEEP_ALIVE_NANOS)
            .threadFactory(SecureTransport::daemon)
            .errorHandler(e -> LOG.warn("Aeron: {}", e.toString()));
    aeron = Aeron.connect(context);
    poller = daemon(this::poll);
    poller.setName("exchange-receiver");
    handler = daemon(this::handle);
    handler.setName("exchange-messages");
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "exchange-server");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Listens, from now on.
   *
   * @throws io.aeron.exceptions.AeronException if the port is taken
   */
  void listen() {
    ownSubscription = subscribe(SERVER_STREAM);
    read(
        new FrameReader(
            ownSubscription, owner(), MAX_MESSAGE, null, sender -> true, this::onFrame));
    poller.start();
    handler.start();
  }

  /** {@link #listen()} has done it. DL4J's own threads for this would never end. */
  @Override
  protected void createSubscription() {
    if (ownSubscription == null) {
      throw new IllegalStateException("listen first");
    }
  }

  Subscription subscribe(int stream) {
    return aeron.addSubscription(id(), stream);
  }

  FrameReader.Owner owner() {
    return new FrameReader.Owner(secret, id(), drops, bytesReceived);
  }

  void read(FrameReader reader) {
    readers.add(reader);
  }

  /** A connection that has yet to be established. */
  Connection connect(String channel, int stream, long sender, int termLength) {
    try {
      // Without the interface Aeron would send from, and listen for answers at, all interfaces.
      ExclusivePublication publication =
          aeron.addExclusivePublication(
              channel
                  + "|interface="
                  + own.host()
                  + "|mtu="
                  + AeronSettings.mtu(own.address(), Endpoint.parse(channel).address(), termLength)
                  + "|term-length="
                  + termLength,
              stream);
      return new Connection(
          publication, channel, sender, new Seal(secret, channel, stream), bytesSent);
    } catch (IOException e) {
      throw new ExchangeException("cannot connect to " + channel + ": " + e.getMessage(), e);
    }
  }

  Traffic traffic() {
    return new Traffic(bytesSent.sum(), bytesReceived.sum(), drops.count() + invalidPackets());
  }

  Drops drops() {
    return drops;
  }

  /** Packets that Aeron itself has found to be none of its own. */
  private long invalidPackets() {
    return closing
        ? invalidAtClose
        : driver.context().systemCounters().get(SystemCounterDescriptor.INVALID_PACKETS).get();
  }

  private void poll() {
    long idleNanos = 0;
    while (!closing) {
      int work = 0;
      for (FrameReader reader : readers) {
        try {
          work += reader.poll();
        } catch (RuntimeException e) {
          drops.add(e.toString());
        }
      }
      // Looks at once after a frame, and rarely during a pass, whose cores it shares.
      idleNanos = work > 0 ? 0 : Math.min(PAUSE_NANOS, idleNanos + PAUSE_NANOS / 256);
      if (work == 0) {
        LockSupport.parkNanos(idleNanos);
      }
    }
  }

  private void onFrame(IncomingFrame frame) {
    if (frame.kind() == FrameKind.HELLO) {
      return;
    }
    try {
      if (frame.kind() != FrameKind.SERVER_MESSAGE
          || !received.offer(ServerMessages.read(frame.payload(), frame.length()))) {
        drops.add("a message that is not expected, or too many");
      }
    } catch (IOException e) {
      drops.add("a message that is not allowed: " + e.getMessage());
    }
  }

  private void handle() {
    while (!closing) {
      try {
        processMessage(received.take());
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        if (!closing) {
          LOG.warn("a message of the parameter server failed: {}", e.toString());
        }
      }
    }
  }

  @Override
  protected void addConnection(String channel) {
    connection(channel, timeout);
  }

  @Override
  public void ensureConnection(String channel) {
    addConnection(channel);
  }

  private Connection connection(String channel, Duration patience) {
    Connection known = connections.get(channel);
    if (known != null) {
      return known;
    }
    synchronized (connecting) {
      known = connections.get(channel);
      if (known != null) {
        return known;
      }
      Connection connection = connect(channel, SERVER_STREAM, number, SERVER_TERM);
      try {
        long deadline = System.nanoTime() + patience.toNanos();
        OutgoingFrame hello = OutgoingFrame.of(FrameKind.HELLO);
        while (!connection.offer(hello)) {
          pause(channel, patience, deadline);
        }
      } catch (RuntimeException e) {
        connection.close();
        throw e;
      }
      connections.put(channel, connection);
      return connection;
    }
  }

  private void pause(String channel, Duration patience, long deadline) {
    if (closing) {
      throw new ExchangeException("the exchange has been closed");
    }
    if (cancelled.getAsBoolean() || Thread.currentThread().isInterrupted()) {
      throw new ExchangeException("cancelled while waiting for " + channel);
    }
    if (System.nanoTime() - deadline > 0) {
      throw new ExchangeException(
          (channel.equals(rootId) ? "the parameter server" : "a node of the parameter server")
              + " at "
              + channel
              + " does not answer for "
              + patience.toSeconds()
              + " s; expected it to run and its UDP port to be open to "
              + own.host());
    }
    LockSupport.parkNanos(PAUSE_NANOS);
  }

  /** The connection outlives a node's second greeting. */
  @Override
  public void onRemap(String channel) {
    LOG.debug("{} has joined again", channel);
  }

  /** Nodes connect to their peers themselves, and not all at the root's word. */
  @Override
  public void onMeshUpdate(MeshOrganizer organizer) {
    numerOfNodes.set((int) organizer.totalNodes());
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  /** Sends within a bounded time or not at all: the parameter server repeats what matters. */
  @Override
  public void sendMessage(VoidMessage message, String channel) {
    if (message.getOriginatorId() == null) {
      message.setOriginatorId(id());
    }
    if (message instanceof RequestMessage request && request.getRequestId() == null) {
      request.setRequestId(java.util.UUID.randomUUID().toString());
    }
    if (message.getOriginatorId().equals(channel)) {
      processMessage(message);
      return;
    }
    byte[] bytes = message.asUnsafeBuffer().byteArray();
    OutgoingFrame frame = OutgoingFrame.of(FrameKind.SERVER_MESSAGE, 0, bytes);
    try {
      Connection connection = connection(channel, MESSAGE_PATIENCE);
      long deadline = System.nanoTime() + MESSAGE_PATIENCE.toNanos();
      while (!connection.offer(frame)) {
        pause(channel, MESSAGE_PATIENCE, deadline);
      }
    } catch (RuntimeException e) {
      if (!closing) {
        LOG.warn("{} not sent: {}", message.getClass().getSimpleName(), e.getMessage());
      }
    }
  }

  @Override
  @SuppressWarnings({
    "unchecked",
    "TypeParameterUnusedInFormals"
  }) // DL4J's signature: the caller knows the answer to its request.
  public <T extends ResponseMessage> T sendMessageBlocking(RequestMessage message, String channel) {
    sendMessage(message, channel);
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      ResponseMessage reply = replies.remove(message.getRequestId());
      if (reply != null) {
        return (T) reply;
      }
      pause(channel, timeout, deadline);
    }
  }

  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // A launch that waits can be ended.
  public void shutdown() {
    if (!shutdownFlag.compareAndSet(false, true)) {
      return;
    }
    invalidAtClose = invalidPackets();
    closing = true;
    boolean interrupted = Thread.interrupted();
    executorService.shutdownNow();
    messagesExecutorService.shutdownNow();
    handler.interrupt();
    try {
      end(poller);
      end(handler);
      if (!executorService.awaitTermination(END_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.warn("threads of the parameter server are still at work");
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    connections.values().forEach(Connection::close);
    readers.forEach(FrameReader::close);
    aeron.close();
    driver.close();
    IoUtil.delete(directory.toFile(), true);
    // The shutdown hook that DL4J installs holds on to this object for as long as the JVM runs.
    connections.clear();
    readers.clear();
    received.clear();
    replies.clear();
    consumers.clear();
    restartCallback = null;
    ownSubscription = null;
    aeron = null;
    context = null;
    driver = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void end(Thread thread) throws InterruptedException {
    if (thread.isAlive()) {
      LockSupport.unpark(thread);
      thread.join(END_MILLIS);
    }
  }
}

package dev.ect.spark.exchange;

import dev.ect.spark.config.ExchangeConfig;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;

/** An executor's node of DL4J's parameter server. */
public final class ParameterServerNode implements AutoCloseable {
  private final Invitation invitation;
  private final SecureTransport transport;
  private final ModelParameterServer server;
  private final BooleanSupplier cancelled;

  private ParameterServerNode(Invitation invitation, Nodes.Node node, BooleanSupplier cancelled) {
    this.invitation = invitation;
    transport = node.transport();
    server = node.server();
    this.cancelled = cancelled;
  }

  /**
   * Joins the server of an invitation.
   *
   * @param sparkHost what Spark calls this executor's host
   * @param cancelled asked in every wait, of this node and of its exchange; true ends it with an
   *     exception
   * @throws ExchangeException if the server does not answer in time, or if the configuration leaves
   *     no address, port or memory for the node
   */
  public static ParameterServerNode join(
      Invitation invitation, String sparkHost, BooleanSupplier cancelled) {
    Nodes.Node node =
        Nodes.open(
            invitation.config(),
            sparkHost,
            invitation.rootChannel(),
            invitation.secret(),
            cancelled);
    try {
      node.server().launch();
    } catch (RuntimeException e) {
      node.transport().shutdown();
      // DL4J wraps what its handshake meets.
      throw e.getCause() instanceof ExchangeException cause ? cause : e;
    } catch (Error e) {
      node.transport().shutdown();
      throw e;
    }
    return new ParameterServerNode(invitation, node, cancelled);
  }

  /**
   * Bytes of the files that a node keeps with Aeron, on Linux in memory ({@code /dev/shm}).
   *
   * @param world number of nodes
   */
  public static long fileBytes(int world) {
    return AeronSettings.fileBytes(Peers.termLengths(world - 1));
  }

  /** Most bytes of the heap that a node's buffers take. */
  public static long heapBytes() {
    return Peers.POOL_BYTES;
  }

  /** Most bytes of a vector, or of a message, in a frame. */
  public static int frameBytes() {
    return Peers.CHUNK_BYTES;
  }

  /** Bytes in front of those of a frame. */
  public static int headerBytes() {
    return FrameHeader.BYTES;
  }

  /**
   * Most frames of a kind that a node has under way to each other one.
   *
   * @param world number of nodes, at least 2
   */
  public static int window(int world) {
    return Peers.window(world - 1);
  }

  /** Its Aeron channel, by which its peers reach it. */
  public String endpoint() {
    return transport.id();
  }

  /**
   * Connects to the peers. The exchange owns this node: closing it closes the node.
   *
   * @param rank this node's number
   * @param endpoints of all nodes, by rank
   * @throws ExchangeException if a peer does not answer in time
   */
  public GradientExchange exchange(int rank, List<String> endpoints) {
    if (!endpoints.get(rank).equals(endpoint())) {
      throw new IllegalArgumentException(
          "endpoint of rank " + rank + " is " + endpoints.get(rank) + "; expected " + endpoint());
    }
    Peers peers =
        new Peers(transport, invitation.config(), rank, endpoints, cancelled, this::close);
    try {
      peers.connect();
      return exchange(peers);
    } catch (RuntimeException | Error e) {
      peers.close();
      throw e;
    }
  }

  private GradientExchange exchange(Peers peers) {
    ExchangeConfig config = invitation.config();
    return switch (config.encoding()) {
      case DENSE ->
          switch (config.transport()) {
            case PARAMETER_SERVER -> new DenseExchange(peers);
            case GLOO ->
                new GlooExchange(
                    peers,
                    GlooGroup.meet(peers, Endpoint.parse(endpoint()).address(), config.timeout()));
          };
      case THRESHOLD -> new ThresholdExchange(peers, config.threshold());
    };
  }

  /** Ends its threads and frees its port and files. Closing again does nothing. */
  @Override
  public void close() {
    server.shutdown();
  }
}

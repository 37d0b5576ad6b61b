package dev.ect.spark.exchange;

import dev.ect.spark.config.ExchangeConfig;
import java.security.SecureRandom;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;

/** DL4J's parameter server at the driver: the root that the executors of one attempt join. */
public final class ParameterServer implements AutoCloseable {
  private final SecureTransport transport;
  private final ModelParameterServer server;
  private final Invitation invitation;

  private ParameterServer(Nodes.Node node, Invitation invitation) {
    transport = node.transport();
    server = node.server();
    this.invitation = invitation;
  }

  /**
   * Launches a server with a secret of its own.
   *
   * @param sparkHost what Spark calls the driver's host
   * @throws ExchangeException if the configuration leaves no address, port or memory for it
   */
  public static ParameterServer start(ExchangeConfig config, String sparkHost) {
    byte[] secret = new byte[Seal.SECRET_BYTES];
    new SecureRandom().nextBytes(secret);
    Nodes.Node node = Nodes.open(config, sparkHost, null, secret, () -> false);
    try {
      node.server().launch();
    } catch (RuntimeException | Error e) {
      node.transport().shutdown();
      throw e;
    }
    return new ParameterServer(node, new Invitation(node.transport().id(), secret, config));
  }

  /** What executors need to join. */
  public Invitation invitation() {
    return invitation;
  }

  /** What has travelled to and from the server itself. */
  public Traffic traffic() {
    return transport.traffic();
  }

  /** Ends its threads and frees its port and files. Closing again does nothing. */
  @Override
  public void close() {
    server.shutdown();
  }
}

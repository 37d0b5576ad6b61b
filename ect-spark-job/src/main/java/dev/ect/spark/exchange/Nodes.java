package dev.ect.spark.exchange;

import dev.ect.spark.config.ExchangeConfig;
import io.aeron.CommonContext;
import io.aeron.exceptions.AeronException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.enums.ExecutionMode;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.transport.impl.StaticPortSupplier;

/** Opens transports on the ports of the configuration and launches DL4J's server over them. */
final class Nodes {
  private static final int ANY_PORT_ATTEMPTS = 16;

  private Nodes() {}

  /** A transport that listens, and the server that is to be launched over it. */
  record Node(SecureTransport transport, ModelParameterServer server) {}

  /**
   * @param root channel of the root; null to make the root itself
   */
  static Node open(
      ExchangeConfig config,
      String sparkHost,
      String root,
      byte[] secret,
      BooleanSupplier cancelled) {
    try {
      AeronSettings.apply();
      AeronFolders.deleteAbandoned(Path.of(CommonContext.getAeronDirectoryName()));
      AeronSettings.requireSpace(0);
      InetAddress address = Endpoint.address(config.bindAddress(), sparkHost);
      boolean any = config.firstPort() == 0;
      int attempts = any ? ANY_PORT_ATTEMPTS : config.lastPort() - config.firstPort() + 1;
      for (int i = 0; i < attempts; i++) {
        Endpoint own = any ? Endpoint.any(address) : new Endpoint(address, config.firstPort() + i);
        if (own.isFree()) {
          Node node = listening(own, config, root, secret, cancelled);
          if (node != null) {
            return node;
          }
        }
      }
      throw new ExchangeException(
          "no UDP port of "
              + config.firstPort()
              + "-"
              + config.lastPort()
              + " is free at "
              + address.getHostAddress()
              + "; expected one for the driver and for each executor of a host: widen"
              + " exchange.ports");
    } catch (IOException e) {
      throw new ExchangeException(
          "cannot listen at "
              + (config.bindAddress().isEmpty() ? sparkHost : config.bindAddress())
              + " ("
              + e.getMessage()
              + "); expected an address of this host: set exchange.bind-address",
          e);
    }
  }

  /** Null if somebody else has taken the port just now. */
  private static Node listening(
      Endpoint own, ExchangeConfig config, String root, byte[] secret, BooleanSupplier cancelled) {
    VoidConfiguration configuration =
        VoidConfiguration.builder()
            .portSupplier(new StaticPortSupplier(own.port()))
            .streamId(SecureTransport.SERVER_STREAM)
            .executionMode(ExecutionMode.SHARDED)
            .build();
    SecureTransport transport =
        new SecureTransport(
            own,
            root == null ? own : Endpoint.parse(root),
            configuration,
            secret,
            config.timeout(),
            cancelled);
    try {
      transport.listen();
    } catch (AeronException e) {
      transport.shutdown();
      if (own.isFree()) {
        throw new ExchangeException("cannot listen at " + own.channel() + ": " + e.getMessage(), e);
      }
      return null;
    } catch (RuntimeException | Error e) {
      transport.shutdown();
      throw e;
    }
    return new Node(transport, new ModelParameterServer(configuration, transport, root == null));
  }
}

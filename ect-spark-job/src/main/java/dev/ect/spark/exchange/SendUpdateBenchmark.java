package dev.ect.spark.exchange;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.transport.impl.AeronUdpTransport;
import org.nd4j.parameterserver.distributed.v2.transport.impl.StaticPortSupplier;
import org.nd4j.parameterserver.distributed.v2.util.AbstractUpdatesHandler;

/**
 * DL4J's own way to send a gradient, {@link ModelParameterServer#sendUpdate}, to compare with: from
 * a node to the root, one way, without security and with the settings that serve it best.
 */
public final class SendUpdateBenchmark implements AutoCloseable {
  private static final String HOST = "127.0.0.1";
  private static final int STREAM = 119;

  private final ModelParameterServer server;
  private final BlockingQueue<Long> received = new LinkedBlockingQueue<>();

  private SendUpdateBenchmark(int ownPort, int rootPort) throws IOException {
    AeronSettings.apply();
    VoidConfiguration configuration =
        VoidConfiguration.builder()
            .streamId(STREAM)
            .retransmitTimeout(1)
            .portSupplier(new StaticPortSupplier(ownPort))
            .build();
    AeronUdpTransport transport =
        new AeronUdpTransport(HOST, ownPort, HOST, rootPort, configuration);
    server = new ModelParameterServer(configuration, transport, ownPort == rootPort);
    server.addUpdatesSubscriber(
        new AbstractUpdatesHandler() {
          @Override
          public INDArray getParametersArray() {
            return null;
          }

          @Override
          public void onNext(INDArray update) {
            received.add(update.length());
          }
        });
    server.launch();
  }

  /** The receiving side. */
  public static SendUpdateBenchmark root(int port) throws IOException {
    return new SendUpdateBenchmark(port, port);
  }

  /** The sending side. */
  public static SendUpdateBenchmark node(int port, int rootPort) throws IOException {
    return new SendUpdateBenchmark(port, rootPort);
  }

  /** Waits for an update; returns its length. */
  public long receive() throws InterruptedException {
    return received.take();
  }

  /** Sends an update of random values. */
  public void send(long floats) {
    server.sendUpdate(Nd4j.randn(DataType.FLOAT, 1, floats));
  }

  @Override
  public void close() {
    server.shutdown();
  }
}

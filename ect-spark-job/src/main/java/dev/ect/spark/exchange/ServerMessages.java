package dev.ect.spark.exchange;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.nd4j.common.primitives.Atomic;
import org.nd4j.parameterserver.distributed.enums.NodeStatus;
import org.nd4j.parameterserver.distributed.v2.enums.MeshBuildMode;
import org.nd4j.parameterserver.distributed.v2.messages.VoidMessage;
import org.nd4j.parameterserver.distributed.v2.messages.impl.MeshUpdateMessage;
import org.nd4j.parameterserver.distributed.v2.messages.impl.base.BaseRequestMessage;
import org.nd4j.parameterserver.distributed.v2.messages.impl.base.BaseResponseMessage;
import org.nd4j.parameterserver.distributed.v2.messages.impl.base.BaseVoidMessage;
import org.nd4j.parameterserver.distributed.v2.messages.pairs.handshake.HandshakeRequest;
import org.nd4j.parameterserver.distributed.v2.messages.pairs.handshake.HandshakeResponse;
import org.nd4j.parameterserver.distributed.v2.messages.pairs.ping.PingMessage;
import org.nd4j.parameterserver.distributed.v2.messages.pairs.ping.PongMessage;
import org.nd4j.parameterserver.distributed.v2.util.MeshOrganizer;

/** Reads DL4J's Java-serialised messages: those of joining and of being alive, nothing else. */
final class ServerMessages {
  private static final int MAX_ARRAY = 10_000;
  private static final int MAX_REFERENCES = 200_000;
  private static final int MAX_DEPTH = 200;

  private static final Set<Class<?>> CLASSES =
      Set.of(
          HandshakeRequest.class,
          HandshakeResponse.class,
          MeshUpdateMessage.class,
          PingMessage.class,
          PongMessage.class,
          BaseRequestMessage.class,
          BaseResponseMessage.class,
          BaseVoidMessage.class,
          // What a mesh holds.
          MeshOrganizer.class,
          MeshOrganizer.Node.class,
          MeshBuildMode.class,
          NodeStatus.class,
          Atomic.class,
          AtomicInteger.class,
          Number.class,
          CopyOnWriteArrayList.class,
          Object.class,
          Enum.class,
          String.class);

  private ServerMessages() {}

  /**
   * @throws IOException if the bytes hold anything but such a message
   */
  static VoidMessage read(byte[] bytes, int length) throws IOException {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes, 0, length))) {
      in.setObjectInputFilter(ServerMessages::check);
      return (VoidMessage) in.readObject();
    } catch (ClassNotFoundException | RuntimeException e) {
      throw new IOException(e);
    }
  }

  private static ObjectInputFilter.Status check(ObjectInputFilter.FilterInfo info) {
    if (info.arrayLength() > MAX_ARRAY
        || info.references() > MAX_REFERENCES
        || info.depth() > MAX_DEPTH) {
      return ObjectInputFilter.Status.REJECTED;
    }
    Class<?> type = info.serialClass();
    if (type == null) {
      return ObjectInputFilter.Status.UNDECIDED;
    }
    while (type.isArray()) {
      type = type.getComponentType();
    }
    return CLASSES.contains(type)
        ? ObjectInputFilter.Status.ALLOWED
        : ObjectInputFilter.Status.REJECTED;
  }
}

package dev.ect.spark.exchange;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.agrona.IoUtil;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.ByteVector;
import org.bytedeco.pytorch.FileStore;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_gloo;
import org.bytedeco.pytorch.gloo.Device;

/**
 * LibTorch's process group over Gloo, with a vector in the host's memory. It listens at one address
 * of this host, at a TCP port that the system chooses.
 *
 * <p>Gloo's ranks learn each other's ports from a store of keys that they share; LibTorch's own
 * stores share it through a port open on all interfaces or through a common file system. Here each
 * rank has a file of its own, and the keys travel sealed between the {@link Peers}.
 */
final class GlooGroup implements AutoCloseable {
  /** Time for a peer to say why it has closed its connection. */
  private static final long LAST_WORD_NANOS = 500_000_000L;

  private final Peers peers;
  private final Path folder;
  private final FileStore store;
  private final ProcessGroupGloo group;
  private FloatPointer values;
  private long capacity;
  private boolean closed;

  private GlooGroup(Peers peers, Path folder, FileStore store, ProcessGroupGloo group) {
    this.peers = peers;
    this.folder = folder;
    this.store = store;
    this.group = group;
  }

  /**
   * Connects to the peers' groups.
   *
   * @param own address to listen at
   * @param timeout longest wait for a peer
   * @throws ExchangeException if that fails, or if there is no Gloo here
   */
  static GlooGroup meet(Peers peers, InetAddress own, Duration timeout) {
    try {
      load();
    } catch (ExchangeException e) {
      peers.abort(e.getMessage());
      throw e;
    }
    // Whoever cannot go on has said so by now.
    peers.gather(new byte[0]);
    Path folder = null;
    FileStore store = null;
    try {
      folder = Files.createTempDirectory("ect-gloo-" + ProcessHandle.current().pid() + "-");
      store = new FileStore(folder.resolve("store").toString(), peers.world());
      ProcessGroupGloo group = connect(peers, store, own, timeout);
      // Nobody reads it any more, and an executor that is killed would leave it behind.
      IoUtil.delete(folder.toFile(), true);
      return new GlooGroup(peers, folder, store, group);
    } catch (IOException e) {
      throw new ExchangeException("cannot write to the folder of temporary files", e);
    } catch (RuntimeException | Error e) {
      delete(store, folder);
      throw e;
    }
  }

  private static void load() {
    try (Engine torch = Engines.open("torch", new EngineOptions(Precision.FLOAT32, 1, "cpu"))) {
      // The engine knows how to load LibTorch.
      Loader.load(torch_gloo.class);
    } catch (RuntimeException | LinkageError e) {
      throw new ExchangeException(
          "exchange.transport is gloo, which does not load here ("
              + firstLine(e)
              + "); use parameter-server",
          e);
    }
  }

  private static ProcessGroupGloo connect(
      Peers peers, FileStore store, InetAddress own, Duration timeout) {
    FutureTask<ProcessGroupGloo> opening =
        new FutureTask<>(() -> open(store, peers.rank(), peers.world(), own, timeout));
    Thread thread = new Thread(opening, "exchange-gloo");
    thread.setDaemon(true);
    thread.start();
    try {
      peers.waitUntil("opening Gloo", () -> opening.isDone() || isSet(store, key(peers.rank())));
      if (!opening.isDone()) {
        List<byte[]> addresses = peers.gather(get(store, key(peers.rank())));
        for (Peer peer : peers.others()) {
          set(store, key(peer.rank()), addresses.get(peer.rank()));
        }
        peers.waitUntil("connecting Gloo", opening::isDone);
      }
    } catch (RuntimeException | Error e) {
      // Ends by its own timeout at the latest; its store must not be closed before.
      try {
        result(opening).close();
      } catch (ExchangeException late) {
        e.addSuppressed(late);
      }
      throw e;
    }
    try {
      return result(opening);
    } catch (ExchangeException e) {
      peers.abort(e.getMessage());
      throw e;
    }
  }

  private static ProcessGroupGloo open(
      FileStore store, int rank, int world, InetAddress own, Duration timeout) {
    try (Milliseconds patience = new Milliseconds(timeout.toMillis());
        ProcessGroupGloo.Options options = ProcessGroupGloo.Options.create(patience);
        Device device = ProcessGroupGloo.createDeviceForHostname(own.getHostAddress());
        GlooDeviceVector devices = options.devices()) {
      store.setTimeout(patience);
      devices.push_back(device);
      options.threads(1);
      return new ProcessGroupGloo(store, rank, world, options);
    }
  }

  private static ProcessGroupGloo result(FutureTask<ProcessGroupGloo> opening) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return opening.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw new ExchangeException("Gloo cannot connect: " + firstLine(e.getCause()), e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Where Gloo puts what its peers need to know of a rank: device 0's. */
  private static String key(int rank) {
    return "0/" + rank;
  }

  private static boolean isSet(FileStore store, String key) {
    try (StringVector keys = new StringVector(key)) {
      return store.check(keys);
    }
  }

  private static byte[] get(FileStore store, String key) {
    try (ByteVector value = store.get(key)) {
      byte[] bytes = new byte[(int) value.size()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = value.get(i);
      }
      return bytes;
    }
  }

  private static void set(FileStore store, String key, byte[] bytes) {
    try (ByteVector value = new ByteVector(bytes)) {
      store.set(key, value);
    }
  }

  /** Makes room for a vector. */
  void reserve(long length) {
    if (length > capacity) {
      free();
      values = new FloatPointer(length);
      capacity = length;
    }
  }

  /** A part of the vector in the host's memory. */
  FloatBuffer values(long from, int length) {
    return values.position(from).limit(from + length).asBuffer();
  }

  /**
   * Replaces the first values of the vector by the sum of all ranks'.
   *
   * @param length at least 1, the same on all ranks
   * @throws ExchangeException if a peer is lost
   */
  void sum(long length) {
    values.position(0).limit(length);
    try (Tensor tensor = torch.from_blob(values, new long[] {length});
        TensorVector tensors = new TensorVector(tensor);
        Work work = group.allreduce(tensors)) {
      peers.waitUntil("", work::isCompleted);
      if (!work.isSuccess()) {
        throw failure(work);
      }
    }
  }

  /** The reason of a peer if it gives one, otherwise Gloo's. */
  private ExchangeException failure(Work work) {
    long deadline = System.nanoTime() + LAST_WORD_NANOS;
    peers.waitUntil("", () -> System.nanoTime() - deadline > 0);
    String reason = "unknown";
    try {
      work._wait();
    } catch (RuntimeException e) {
      reason = firstLine(e);
    }
    ExchangeException failure =
        new ExchangeException(
            "Gloo has lost a peer: " + reason + "; its executor may have died: see its log");
    peers.abort(failure.getMessage());
    return failure;
  }

  /** Without the place in LibTorch's source that it begins with. */
  private static String firstLine(Throwable e) {
    String text = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return text.replaceFirst("^\\[[^\\]]*:\\d+] *", "");
  }

  private void free() {
    if (values != null) {
      values.close();
      values = null;
      capacity = 0;
    }
  }

  private static void delete(FileStore store, Path folder) {
    if (store != null) {
      store.close();
    }
    if (folder != null) {
      IoUtil.delete(folder.toFile(), true);
    }
  }

  /** Ends its threads and frees its port. Waits for a sum that is under way to end or to fail. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    group.close();
    free();
    delete(store, folder);
  }
}

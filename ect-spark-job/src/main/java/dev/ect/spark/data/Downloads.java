package dev.ect.spark.data;

import dev.ect.model.io.Addresses;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files behind http and https addresses, each downloaded to this machine once. They are kept under
 * the SHA-256 of their content, which is checked again when a program first uses them; an address
 * that ends in {@code #sha256=<64 digits>} says what it must be. Safe for use by several threads
 * and processes.
 *
 * <p>Names and passwords in addresses, and what follows a question mark, appear in no message.
 * Redirections are followed to http and https only, and never from https to http.
 */
final class Downloads {
  private static final Pattern PIN = Pattern.compile("sha256=([0-9a-fA-F]{64})");

  /** How long a server may be silent. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The largest file that is taken: 64 GiB. */
  private static final long LARGEST = 1L << 36;

  private static final int PIECE = 1 << 16;
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final int GONE = 410;

  private final Path cache;
  private final DownloadListener listener;
  private final Duration patience;
  private final long largest;
  private final LocalStore local = new LocalStore();
  private final Map<String, Path> checked = new HashMap<>();

  /**
   * @param cache folder of the files
   * @param listener told how a download comes on
   */
  Downloads(Path cache, DownloadListener listener) {
    this(cache, listener, PATIENCE, LARGEST);
  }

  /**
   * @param patience how long a server may be silent
   * @param largest bytes of a file
   */
  Downloads(Path cache, DownloadListener listener, Duration patience, long largest) {
    this.cache = cache;
    this.listener = listener;
    this.patience = patience;
    this.largest = largest;
  }

  /** {@code $ECT_CACHE}, else {@code ect} in the user's folder of caches. */
  static Path defaultCache() {
    String own = System.getenv("ECT_CACHE");
    if (own != null) {
      return Path.of(own);
    }
    String caches = System.getenv("XDG_CACHE_HOME");
    return (caches == null ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(caches))
        .resolve("ect");
  }

  /**
   * The file behind an address, on this machine.
   *
   * @throws FileNotFoundException if there is none
   * @throws IOException if it cannot be had; the message names the address
   */
  synchronized Path fetch(String address) throws IOException {
    Path path = checked.get(address);
    if (path == null) {
      path = keptOrNew(address);
      checked.put(address, path);
    }
    return path;
  }

  private Path keptOrNew(String address) throws IOException {
    URI uri = Addresses.parse(address);
    String name = Addresses.withoutSecrets(address);
    String pin = pin(name, uri);
    Path entry = entry(address);
    String expected =
        pin.isEmpty() && Files.isRegularFile(entry) ? Files.readString(entry).strip() : pin;
    if (!expected.isEmpty()) {
      Path kept = content(expected);
      if (Files.isRegularFile(kept) && Sha256.ofFile(local, kept.toString()).equals(expected)) {
        return kept;
      }
    }
    String found = download(uri, name, pin);
    local.write(entry.toString(), out -> out.write(found.getBytes(StandardCharsets.US_ASCII)));
    return content(found);
  }

  /** The digest that the address asks for; empty where it does not. */
  private static String pin(String name, URI uri) throws IOException {
    if (uri.getFragment() == null) {
      return "";
    }
    Matcher matcher = PIN.matcher(uri.getFragment());
    if (!matcher.matches()) {
      throw new BadFileException(
          name, "is followed by #" + uri.getFragment() + "; expected #sha256=<64 digits>");
    }
    return matcher.group(1).toLowerCase(Locale.ROOT);
  }

  private Path content(String sha256) {
    return cache.resolve("content").resolve(sha256);
  }

  /** Holds the digest of what an address gave. */
  private Path entry(String address) {
    byte[] digest = Sha256.digest().digest(address.getBytes(StandardCharsets.UTF_8));
    return cache.resolve("addresses").resolve(Sha256.hex(digest));
  }

  private String download(URI uri, String name, String pin) throws IOException {
    Path content = Files.createDirectories(cache.resolve("content"));
    Path part = Files.createTempFile(content, ".", ".part");
    try {
      String found = receive(uri, name, part);
      if (!pin.isEmpty() && !pin.equals(found)) {
        throw new BadFileException(name, "has SHA-256 " + found + "; expected " + pin);
      }
      Files.move(part, content(found), StandardCopyOption.ATOMIC_MOVE);
      return found;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Gives the SHA-256 of what was received. */
  private String receive(URI uri, String name, Path part) throws IOException {
    HttpResponse<InputStream> response = answer(uri, name);
    try (InputStream in = response.body();
        Watchdog watchdog = new Watchdog(in, patience);
        OutputStream out = Files.newOutputStream(part)) {
      if (response.statusCode() == NOT_FOUND || response.statusCode() == GONE) {
        throw new FileNotFoundException(
            name + ": no such file (HTTP " + response.statusCode() + ")");
      }
      if (response.statusCode() != OK) {
        throw new IOException(
            name + ": the server answers HTTP " + response.statusCode() + "; expected 200");
      }
      long total = response.headers().firstValueAsLong("Content-Length").orElse(-1);
      requireRoom(name, total, part);
      MessageDigest digest = Sha256.digest();
      byte[] piece = new byte[PIECE];
      long done = 0;
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        out.write(piece, 0, count);
        digest.update(piece, 0, count);
        done += count;
        if (done > largest) {
          throw new IOException(name + ": goes on after " + largest + " bytes, the most expected");
        }
        watchdog.seen();
        listener.progress(name, done, total);
      }
      if (total >= 0 && done != total) {
        throw new IOException(name + ": ended after " + done + " of " + total + " bytes");
      }
      return Sha256.hex(digest.digest());
    } catch (IOException e) {
      throw e.getMessage() != null && e.getMessage().startsWith(name)
          ? e
          : new IOException(name + ": broke off: " + e.getMessage(), e);
    }
  }

  /** Before a disk is filled in vain. */
  private void requireRoom(String name, long total, Path part) throws IOException {
    if (total > largest) {
      throw new IOException(name + ": has " + total + " bytes; expected at most " + largest);
    }
    long free = Files.getFileStore(part).getUsableSpace();
    if (total > free) {
      throw new IOException(
          name
              + ": has "
              + total
              + " bytes, but "
              + cache
              + " has room for "
              + free
              + "; expected more: set ECT_CACHE to another folder");
    }
  }

  private HttpResponse<InputStream> answer(URI uri, String name) throws IOException {
    HttpClient.Builder client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(patience);
    if (uri.getUserInfo() != null) {
      client.authenticator(new Login(uri));
    }
    try {
      return client
          .build()
          .send(
              HttpRequest.newBuilder(uri).timeout(patience).build(),
              HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(name + ": the download was interrupted", e);
    } catch (IOException | IllegalArgumentException e) {
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw new IOException(name + ": cannot be reached: " + reason, e);
    }
  }

  /** Name and password of an address, for its own server only. */
  private static final class Login extends Authenticator {
    private final URI uri;

    Login(URI uri) {
      this.uri = uri;
    }

    @Override
    protected PasswordAuthentication getPasswordAuthentication() {
      if (!uri.getHost().equals(getRequestingHost())) {
        return null;
      }
      String[] parts = uri.getUserInfo().split(":", 2);
      return new PasswordAuthentication(parts[0], (parts.length < 2 ? "" : parts[1]).toCharArray());
    }
  }

  /** Closes a stream on which nothing arrives any more: reading it has no time limit. */
  private static final class Watchdog implements AutoCloseable {
    private final ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "download-watchdog");
              thread.setDaemon(true);
              return thread;
            });
    private volatile long last = System.nanoTime();

    Watchdog(InputStream in, Duration patience) {
      long nanos = patience.toNanos();
      ScheduledFuture<?> unused =
          timer.scheduleAtFixedRate(
              () -> {
                if (System.nanoTime() - last > nanos) {
                  close(in);
                }
              },
              nanos,
              nanos / 4,
              TimeUnit.NANOSECONDS);
    }

    private static void close(InputStream in) {
      try {
        in.close();
      } catch (IOException e) {
        // Whoever reads it hears of it.
      }
    }

    void seen() {
      last = System.nanoTime();
    }

    @Override
    public void close() {
      timer.shutdownNow();
    }
  }
}

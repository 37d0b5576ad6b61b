package dev.ect.spark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files behind addresses of a real server. */
class DownloadsTest {
  private static final byte[] CONTENT = "some weights".getBytes(StandardCharsets.UTF_8);
  private static final String SHA256 = Sha256.hex(Sha256.digest().digest(CONTENT));

  /** me:hush */
  private static final String LOGIN = "Basic bWU6aHVzaA==";

  @TempDir private Path cache;

  private final AtomicInteger requests = new AtomicInteger();
  private final List<String> told = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          String path = exchange.getRequestURI().getPath();
          if (path.equals("/silent.pkl")) {
            // The answer begins and does not go on.
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().flush();
            return;
          }
          String login = exchange.getRequestHeaders().getFirst("Authorization");
          if (path.equals("/login.pkl") && login == null) {
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"nets\"");
          }
          if (path.equals("/moved.pkl")) {
            exchange.getResponseHeaders().add("Location", "/model.pkl");
          }
          if (path.equals("/inside.pkl")) {
            exchange.getResponseHeaders().add("Location", "file:///etc/hostname");
          }
          if (path.equals("/endless.pkl")) {
            // Chunks, and no length.
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(new byte[1000]);
            exchange.close();
            return;
          }
          int status =
              switch (path) {
                case "/model.pkl", "/short.pkl" -> 200;
                case "/login.pkl" -> LOGIN.equals(login) ? 200 : 401;
                case "/moved.pkl", "/inside.pkl" -> 302;
                case "/secret.pkl" -> 403;
                default -> 404;
              };
          boolean cut = path.equals("/short.pkl");
          exchange.sendResponseHeaders(
              status, status == 200 ? CONTENT.length + (cut ? 100 : 0) : -1);
          if (status == 200) {
            OutputStream body = exchange.getResponseBody();
            body.write(CONTENT);
            body.flush();
          }
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private String address(String rest) {
    return "http://localhost:" + server.getAddress().getPort() + rest;
  }

  private HadoopStore store() {
    Configuration configuration = new Configuration(false);
    configuration.set("ect.cache", cache.toString());
    return new HadoopStore(configuration, (name, done, total) -> told.add(name + " " + done));
  }

  @Test
  void aFileIsDownloadedOnceAndReadLikeOneOnThisMachine() throws IOException {
    HadoopStore store = store();
    assertTrue(store.exists(address("/model.pkl?token=hush")));
    assertArrayEquals(CONTENT, store.readAll(address("/model.pkl?token=hush")));
    assertEquals(CONTENT.length, store.info(address("/model.pkl?token=hush")).length());
    // Another program on the same machine.
    try (RandomInput input = store().openRandom(address("/model.pkl?token=hush"))) {
      byte[] bytes = new byte[7];
      input.readFully(5, bytes, 0, 7);
      assertEquals("weights", new String(bytes, StandardCharsets.UTF_8));
    }
    assertEquals(1, requests.get());
    assertEquals(List.of(address("/model.pkl") + " " + CONTENT.length), told);
    assertTrue(Files.exists(cache.resolve("content").resolve(SHA256)));
  }

  @Test
  void redirectionsAreFollowed() throws IOException {
    assertArrayEquals(CONTENT, store().readAll(address("/moved.pkl")));
  }

  @Test
  void aDamagedFileIsDownloadedAgain() throws IOException {
    assertTrue(store().exists(address("/model.pkl")));
    Files.writeString(cache.resolve("content").resolve(SHA256), "same length?");
    assertArrayEquals(CONTENT, store().readAll(address("/model.pkl")));
    assertEquals(2, requests.get());
  }

  @Test
  void anAddressMaySayWhatItsFileMustBe() throws IOException {
    assertArrayEquals(CONTENT, store().readAll(address("/model.pkl#sha256=" + SHA256)));
    String wrong = SHA256.replace(SHA256.charAt(0), SHA256.charAt(0) == '0' ? '1' : '0');
    assertEquals(
        address("/model.pkl") + ": has SHA-256 " + SHA256 + "; expected " + wrong,
        assertThrows(
                IOException.class, () -> store().readAll(address("/model.pkl#sha256=" + wrong)))
            .getMessage());
    try (Stream<Path> kept = Files.list(cache.resolve("content"))) {
      assertEquals(List.of(SHA256), kept.map(path -> path.getFileName().toString()).toList());
    }
    // Known by its content, whatever the address.
    server.stop(0);
    assertTrue(store().exists("https://elsewhere.invalid/other.pkl#sha256=" + SHA256));
  }

  @Test
  void whatCannotBeHadIsSaidWithoutSecrets() throws IOException {
    assertFalse(store().exists(address("/none.pkl")));
    for (String[] each :
        new String[][] {
          {"/none.pkl?token=hush", "/none.pkl: no such file (HTTP 404)"},
          {"/secret.pkl?token=hush", "/secret.pkl: the server answers HTTP 403; expected 200"},
          {"/short.pkl?token=hush", "/short.pkl: "},
          {"/model.pkl?token=hush#md5=1", "/model.pkl: is followed by #md5=1; expected #sha256="}
        }) {
      String message =
          assertThrows(IOException.class, () -> store().open(address(each[0]))).getMessage();
      assertTrue(message.startsWith(address(each[1])), message);
      assertFalse(message.contains("hush"), message);
    }
    String bad =
        assertThrows(IOException.class, () -> store().open("http://me:hush@bad host/x"))
            .getMessage();
    assertEquals("http://...: is not a valid address; expected http[s]://host/path", bad);
  }

  @Test
  void nothingIsWrittenToAnAddress() {
    String message =
        assertThrows(IOException.class, () -> store().create(address("/model.pkl"))).getMessage();
    assertEquals(
        address("/model.pkl") + ": is an http address: files there can only be read", message);
  }

  @Test
  void nameAndPasswordGoToTheServer() throws IOException {
    String address = address("/login.pkl").replace("//", "//me:hush@");
    assertArrayEquals(CONTENT, store().readAll(address));
  }

  private Downloads downloads(Duration patience, long largest) {
    return new Downloads(cache, DownloadListener.NONE, patience, largest);
  }

  @Test
  void redirectionsToFilesOfThisMachineAreNotFollowed() {
    assertEquals(
        address("/inside.pkl") + ": the server answers HTTP 302; expected 200",
        assertThrows(IOException.class, () -> store().readAll(address("/inside.pkl")))
            .getMessage());
  }

  @Test
  void filesThatAreTooLargeAreNotKept() throws IOException {
    Downloads small = downloads(Duration.ofSeconds(30), 10);
    assertEquals(
        address("/model.pkl") + ": has 12 bytes; expected at most 10",
        assertThrows(IOException.class, () -> small.fetch(address("/model.pkl"))).getMessage());
    assertEquals(
        address("/endless.pkl") + ": goes on after 10 bytes, the most expected",
        assertThrows(IOException.class, () -> small.fetch(address("/endless.pkl"))).getMessage());
    try (Stream<Path> kept = Files.list(cache.resolve("content"))) {
      assertEquals(List.of(), kept.toList());
    }
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() {
    Downloads impatient = downloads(Duration.ofMillis(200), Long.MAX_VALUE);
    String message =
        assertThrows(IOException.class, () -> impatient.fetch(address("/silent.pkl"))).getMessage();
    assertTrue(message.startsWith(address("/silent.pkl") + ": "), message);
  }
}

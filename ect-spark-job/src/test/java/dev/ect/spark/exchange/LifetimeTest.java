package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.CommonContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LifetimeTest {
  private static final int ROUNDS = 200;
  private static final int LENGTH = 70_000;

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .filter(t -> !t.getName().startsWith("pool-"))
        .collect(Collectors.toSet());
  }

  /** Aeron's folders that this process has files of in memory; other processes have their own. */
  private static Set<Path> folders() throws IOException {
    Pattern folder = Pattern.compile(Pattern.quote(CommonContext.AERON_DIR_PROP_DEFAULT) + "[^/]*");
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.map(folder::matcher)
          .filter(Matcher::find)
          .map(found -> Path.of(found.group()))
          .collect(Collectors.toSet());
    }
  }

  /** Local addresses, in the kernel's hexadecimal, of the sockets of this process. */
  private static List<String> sockets() throws IOException {
    Set<String> own;
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      own =
          fds.map(LifetimeTest::target)
              .filter(t -> t.startsWith("socket:["))
              .map(t -> t.substring("socket:[".length(), t.length() - 1))
              .collect(Collectors.toSet());
    }
    return Stream.of("/proc/net/udp", "/proc/net/udp6")
        .flatMap(f -> lines(Path.of(f)))
        .map(line -> line.strip().split("\\s+"))
        .filter(fields -> own.contains(fields[9]))
        .map(fields -> fields[1])
        .toList();
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "";
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream().skip(1);
    } catch (IOException e) {
      return Stream.empty();
    }
  }

  @Test
  void threadsFilesAndSocketsAreGoneAfterClose() throws Exception {
    Set<Thread> threadsBefore = threads();
    Set<Path> foldersBefore = folders();
    Set<Path> used;
    int socketsBefore = sockets().size();
    try (Gang gang = Gang.of(2)) {
      gang.each((rank, exchange) -> exchange.gather(new byte[1]));
      used = folders();
      used.removeAll(foldersBefore);
      assertFalse(used.isEmpty());
      assertTrue(used.stream().allMatch(Files::exists), used.toString());
    }
    Eventually.holds("no thread is left", () -> threadsBefore.containsAll(threads()));
    assertEquals(foldersBefore, folders());
    assertEquals(List.of(), used.stream().filter(Files::exists).toList());
    assertEquals(socketsBefore, sockets().size());
  }

  @Test
  void noSocketListensAtAllInterfaces() throws Exception {
    List<String> before = sockets();
    try (Gang gang = Gang.of(2)) {
      gang.each((rank, exchange) -> exchange.gather(new byte[1]));
      List<String> all = sockets();
      assertTrue(all.size() >= before.size() + 6, all.toString());
      assertFalse(
          all.stream().anyMatch(a -> !before.contains(a) && a.matches("0+:.*")), all.toString());
    }
  }

  @Test
  void hundredsOfExchangesNeedNoMoreThreadsOrMemoryThanAFew() throws Exception {
    try (Gang gang = Gang.of(2)) {
      rounds(gang, ROUNDS / 4);
      int threads = threads().size();
      long heap = usedHeap();
      rounds(gang, ROUNDS);
      assertTrue(threads().size() <= threads, threads().size() + " threads, not " + threads);
      long grown = usedHeap() - heap;
      assertTrue(grown < 16 << 20, grown + " bytes");
    }
  }

  private static void rounds(Gang gang, int rounds) throws Exception {
    gang.each(
        (rank, exchange) -> {
          float[] values = new float[LENGTH];
          try (HostTensor gradient = new HostTensor(values)) {
            for (int i = 0; i < rounds; i++) {
              java.util.Arrays.fill(values, rank + i);
              exchange.begin(gradient);
              exchange.ready(LENGTH / 2);
              exchange.finish(new byte[0]);
              assertEquals(2 * i + 1, values[LENGTH - 1]);
              assertEquals(2 * i + 1, values[0]);
            }
          }
          return null;
        });
  }

  private static long usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}

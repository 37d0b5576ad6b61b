package dev.ect.spark.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A socket at which a process hears others: of UDP, or of TCP and listening. From Linux's {@code
 * /proc}.
 *
 * @param pid process
 * @param udp whether it is of UDP
 * @param local where it is bound
 */
record OpenSocket(long pid, boolean udp, InetSocketAddress local) {
  private static final String LISTENING = "0A";
  private static final int ADDRESS = 1;
  private static final int STATE = 3;
  private static final int INODE = 9;
  private static final int HEX = 16;

  /** Those of a process. */
  static List<OpenSocket> of(long pid) throws IOException {
    Set<String> own = inodes(pid);
    List<OpenSocket> found = new ArrayList<>();
    for (String protocol : List.of("udp", "udp6", "tcp", "tcp6")) {
      boolean udp = protocol.startsWith("udp");
      Path table = Path.of("/proc/" + pid + "/net/" + protocol);
      for (String line : Files.exists(table) ? Files.readAllLines(table) : List.<String>of()) {
        String[] fields = line.strip().split("\\s+", -1);
        if (own.contains(fields[INODE]) && (udp || fields[STATE].equals(LISTENING))) {
          found.add(new OpenSocket(pid, udp, address(fields[ADDRESS])));
        }
      }
    }
    return found;
  }

  /** Whether only this machine reaches it. */
  boolean isLoopback() {
    return local.getAddress().isLoopbackAddress();
  }

  private static Set<String> inodes(long pid) throws IOException {
    Set<String> inodes = new HashSet<>();
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path file : files.toList()) {
        try {
          String target = Files.readSymbolicLink(file).toString();
          if (target.startsWith("socket:[")) {
            inodes.add(target.replaceAll("\\D", ""));
          }
        } catch (NoSuchFileException e) {
          // closed since the list was made
        }
      }
    }
    return inodes;
  }

  /** Such as {@code 0100007F:1F90}: words in the machine's order, here the lowest byte first. */
  private static InetSocketAddress address(String text) throws IOException {
    String[] parts = text.split(":", 2);
    byte[] bytes = new byte[parts[0].length() / 2];
    for (int i = 0; i < bytes.length; i++) {
      int at = 2 * (i / Integer.BYTES * Integer.BYTES + Integer.BYTES - 1 - i % Integer.BYTES);
      bytes[i] = (byte) Integer.parseInt(parts[0].substring(at, at + 2), HEX);
    }
    return new InetSocketAddress(InetAddress.getByAddress(bytes), Integer.parseInt(parts[1], HEX));
  }
}

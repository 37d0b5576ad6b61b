package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ect.spark.config.ExchangeConfig;
import io.aeron.CncFileDescriptor;
import io.aeron.CommonContext;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.UUID;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AeronFoldersTest {
  private static final int BUFFER = (1 << 12) + RingBufferDescriptor.TRAILER_LENGTH;
  private static final long ALIVE = ProcessHandle.current().pid();
  private static final long HOUR_MILLIS = 3_600_000;

  @TempDir private Path folder;
  private Path base;
  private long gone;

  @BeforeEach
  void setUp() throws Exception {
    base = folder.resolve("aeron-me");
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    gone = process.pid();
  }

  private static Path random(Path base) {
    return base.resolveSibling(base.getFileName() + "-" + UUID.randomUUID());
  }

  private Path left() throws IOException {
    return driver(random(base), gone, HOUR_MILLIS);
  }

  private static boolean isWhole(Path driver) {
    return Files.exists(driver.resolve("publications/1.logbuffer"));
  }

  /** What a driver leaves that was last alive some time ago. */
  private static Path driver(Path folder, long pid, long millisAgo) throws IOException {
    Files.createDirectories(folder.resolve("publications"));
    Files.write(folder.resolve("publications/1.logbuffer"), new byte[1]);
    MappedByteBuffer file =
        IoUtil.mapNewFile(
            CommonContext.newCncFile(folder.toString()),
            CncFileDescriptor.computeCncFileLength(BUFFER, 1 << 12));
    try {
      UnsafeBuffer data = CncFileDescriptor.createMetaDataBuffer(file);
      CncFileDescriptor.fillMetaData(data, BUFFER, 0, 0, 0, 0, 0, 0, pid);
      new ManyToOneRingBuffer(CncFileDescriptor.createToDriverBuffer(file, data))
          .consumerHeartbeatTime(System.currentTimeMillis() - millisAgo);
      CncFileDescriptor.signalCncReady(data);
    } finally {
      IoUtil.unmap(file);
    }
    return folder;
  }

  @Test
  void foldersOfProcessesThatHaveGoneAreDeleted() throws Exception {
    Path first = left();
    Path second = left();
    Path halfDeleted = left();
    Files.delete(halfDeleted.resolve(CncFileDescriptor.CNC_FILE));
    Files.setLastModifiedTime(
        halfDeleted, FileTime.fromMillis(System.currentTimeMillis() - HOUR_MILLIS));
    AeronFolders.deleteAbandoned(base);
    assertFalse(Files.exists(first));
    assertFalse(Files.exists(second));
    assertFalse(Files.exists(halfDeleted));
  }

  @Test
  void foldersInUseStay() throws Exception {
    Path inUse = driver(random(base), ALIVE, HOUR_MILLIS);
    Path inAContainer = driver(random(base), gone, 30_000);
    Path starting = Files.createDirectory(random(base));
    Path unwritten = left();
    version(unwritten, 0);
    AeronFolders.deleteAbandoned(base);
    assertTrue(isWhole(inUse));
    assertTrue(isWhole(inAContainer));
    assertTrue(Files.exists(starting));
    assertTrue(isWhole(unwritten));
  }

  @Test
  void foldersOfOthersAndWhatLinksLeadToStay() throws Exception {
    Path standalone = driver(base, gone, HOUR_MILLIS);
    Path ofAnotherName = driver(random(folder.resolve("aeron-you")), gone, HOUR_MILLIS);
    Path ofAnotherVersion = left();
    version(ofAnotherVersion, CncFileDescriptor.CNC_VERSION + 1);
    Path precious = driver(folder.resolve("precious"), gone, HOUR_MILLIS);
    Path link = Files.createSymbolicLink(random(base), precious);
    Path trap = left();
    Files.createSymbolicLink(trap.resolve("images"), precious);
    AeronFolders.deleteAbandoned(base);
    assertTrue(isWhole(standalone));
    assertTrue(isWhole(ofAnotherName));
    assertTrue(isWhole(ofAnotherVersion));
    assertTrue(Files.isSymbolicLink(link));
    assertFalse(Files.exists(trap));
    assertTrue(isWhole(precious));
  }

  @Test
  void foldersOfAnotherUserStay() throws Exception {
    Path trap = left();
    assumeTrue(belongsToNobody(trap), "only root gives files away");
    AeronFolders.deleteAbandoned(base);
    assertTrue(isWhole(trap));
  }

  @Test
  void aDamagedOneDoesNotKeepTheOthers() throws Exception {
    List<Path> left = List.of(left(), left(), left());
    Path damaged = left();
    try (FileChannel file =
        FileChannel.open(damaged.resolve(CncFileDescriptor.CNC_FILE), StandardOpenOption.WRITE)) {
      file.truncate(CncFileDescriptor.END_OF_METADATA_OFFSET + 1);
    }
    AeronFolders.deleteAbandoned(base);
    assertTrue(left.stream().noneMatch(Files::exists), left::toString);
    assertTrue(isWhole(damaged));
  }

  @Test
  void aNodeThatCannotStartHasDeletedThem() throws Exception {
    Path left = driver(Path.of(CommonContext.generateRandomDirName()), gone, HOUR_MILLIS);
    ExchangeConfig config = Gang.config(Gang.TIMEOUT);
    assertThrows(ExchangeException.class, () -> ParameterServer.start(config, "192.0.2.1"));
    Eventually.holds("its memory is free", () -> !Files.exists(left));
  }

  private static boolean belongsToNobody(Path folder) {
    try {
      Files.setOwner(
          folder,
          folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void version(Path driver, int version) throws IOException {
    MappedByteBuffer file = IoUtil.mapExistingFile(CommonContext.newCncFile(driver.toString()), "");
    CncFileDescriptor.createMetaDataBuffer(file)
        .putInt(CncFileDescriptor.cncVersionOffset(0), version);
    IoUtil.unmap(file);
  }
}

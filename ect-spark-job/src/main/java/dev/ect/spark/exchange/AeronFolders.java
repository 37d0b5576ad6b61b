package dev.ect.spark.exchange;

import io.aeron.CncFileDescriptor;
import io.aeron.CommonContext;
import java.io.File;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.regex.Pattern;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.apache.hadoop.fs.FileUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folders of Aeron's drivers, on Linux in memory: one for every node. */
final class AeronFolders {
  private static final Logger LOG = LoggerFactory.getLogger(AeronFolders.class);

  private static final long SILENCE_MILLIS = 2 * SecureTransport.DRIVER_TIMEOUT_MILLIS;

  private static final String UUID = "-\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}";

  private AeronFolders() {}

  /**
   * Deletes what processes that were killed have left behind, which would hold the machine's memory
   * until it is restarted: folders of this user whose driver neither has a process nor has shown
   * for a minute that it lives.
   *
   * @param base what their names start with; a random one follows
   */
  static void deleteAbandoned(Path base) {
    Path place = base.toAbsolutePath().getParent();
    Pattern name = Pattern.compile(Pattern.quote(base.getFileName().toString()) + UUID);
    int deleted = 0;
    try (DirectoryStream<Path> folders =
        Files.newDirectoryStream(place, f -> name.matcher(f.getFileName().toString()).matches())) {
      UserPrincipal user = user();
      for (Path folder : folders) {
        deleted += deleteIfAbandoned(folder, user) ? 1 : 0;
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.debug("{} cannot be listed", place, e);
    }
    if (deleted > 0) {
      LOG.info("deleted {} folders of killed processes' exchanges in {}", deleted, place);
    }
  }

  /** Who this process is, whether or not that user has a name. */
  private static UserPrincipal user() throws IOException {
    Path file = Files.createTempFile("ect-user-", null);
    try {
      return Files.getOwner(file);
    } finally {
      Files.delete(file);
    }
  }

  private static boolean deleteIfAbandoned(Path folder, UserPrincipal user) {
    try {
      return isFolderOf(user, folder)
          && isAbandoned(folder)
          && FileUtil.fullyDelete(folder.toFile());
    } catch (IOException | RuntimeException e) {
      // Damaged, or somebody else is deleting it.
      LOG.debug("{} stays", folder, e);
      return false;
    }
  }

  /**
   * Others who can write there might have put a link, or a folder of links, under such a name. They
   * cannot put one in the place of a folder of this user.
   */
  private static boolean isFolderOf(UserPrincipal user, Path folder) throws IOException {
    return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
        && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(user);
  }

  private static boolean isAbandoned(Path folder) throws IOException {
    File file = CommonContext.newCncFile(folder.toString());
    if (file.length() <= CncFileDescriptor.END_OF_METADATA_OFFSET) {
      // Its driver is starting, or was killed while it deleted them.
      long modified = Files.getLastModifiedTime(folder).toMillis();
      return System.currentTimeMillis() - modified > SILENCE_MILLIS;
    }
    MappedByteBuffer buffer = IoUtil.mapExistingFile(file, CncFileDescriptor.CNC_FILE);
    try {
      UnsafeBuffer data = CncFileDescriptor.createMetaDataBuffer(buffer);
      // Without its version it is not written yet, and of another version it may say other things.
      return data.getIntVolatile(CncFileDescriptor.cncVersionOffset(0))
              == CncFileDescriptor.CNC_VERSION
          && ProcessHandle.of(CncFileDescriptor.pid(data)).isEmpty()
          // Processes in other containers are not seen from here.
          && !CommonContext.isDriverActive(SILENCE_MILLIS, line -> {}, buffer);
    } finally {
      IoUtil.unmap(buffer);
    }
  }
}

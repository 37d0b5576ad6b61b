package dev.ect.spark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class FailuresTest {
  private static void assertExplained(String line, Exception failure) {
    Exception explained = Failures.explained(failure);
    assertSame(UserError.class, explained.getClass());
    assertEquals(line, explained.getMessage());
  }

  @Test
  void troubleWithFilesIsALine() {
    assertExplained("a: access denied", new AccessDeniedException("a"));
    assertExplained("a: no such file or folder", new NoSuchFileException("a"));
    assertExplained("a: exists and is not a folder", new FileAlreadyExistsException("a"));
    assertExplained(
        "a: exists already", new FileAlreadyExistsException("a", null, "exists already"));
    assertExplained("s3a://h/a: gone", new IOException("s3a://me:hush@h/a: gone"));
  }

  @Test
  void whatIsNobodysMistakeStaysWhatItIs() {
    Exception bug = new IllegalStateException("bug");
    assertSame(bug, Failures.explained(bug));
  }
}

package dev.ect.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressesTest {
  @Test
  void onlyHttpIsAnAddress() {
    assertTrue(Addresses.is("HTTPS://host/x"));
    assertFalse(Addresses.is("hdfs://host/x"));
    assertFalse(Addresses.is("folder/http://x"));
  }

  @ParameterizedTest
  @CsvSource({
    "https://me:hush@host:81/a/b.pkl?token=hush#sha256=00, https://host:81/a/b.pkl",
    "http://host/a.pkl, http://host/a.pkl",
    "http://me:hush@bad host/x, http://...",
    "hdfs://me@host/a?b, hdfs://me@host/a?b",
    "s3a://key:hush@bucket/a.zip, s3a://bucket/a.zip"
  })
  void pathsAreShownWithoutSecrets(String path, String shown) {
    assertEquals(shown, Addresses.withoutSecrets(path));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://me:hush@host/b.pkl?token=hush: is damaged | https://host/b.pkl: is damaged",
        "of http://h/a?b=hush, http://h:8/c#hush | of http://h/a, http://h:8/c",
        "https://host/b.pkl?token=hush | https://host/b.pkl",
        "https://host/b.pkl: no such file | https://host/b.pkl: no such file",
        "s3a://key:hush@bucket/a: no such file | s3a://bucket/a: no such file",
        "data.zip: is it a zip? | data.zip: is it a zip?"
      })
  void messagesAreShownWithoutSecrets(String message, String shown) {
    assertEquals(shown, Addresses.hideSecrets(message));
  }

  @Test
  void thePinOfAnAddressIsNoSecret() {
    String pin = "#sha256=" + "0a".repeat(32);
    assertEquals("https://host/a", Addresses.withPinOnly("https://me:hush@host/a?t=hush"));
    assertEquals("https://host/a" + pin, Addresses.withPinOnly("https://me:hush@host/a" + pin));
    assertEquals("a" + pin, Addresses.withPinOnly("a" + pin));
  }

  @Test
  void whatBelongsBesideAnAddressGoesToTheWorkingFolder() {
    assertEquals("", Addresses.folderOf("https://host/nets/a.pkl"));
    assertEquals("nets", Addresses.folderOf("nets/a.pkl"));
  }

  @Test
  void namesAndErrorsAreThoseOfTheFileBehindIt() {
    String address = "https://me:hush@host/nets/a.pkl?token=x/y#sha256=00";
    assertEquals("a.pkl", Store.name(address));
    assertEquals("https://me:hush@host/nets", Store.parent(address));
    assertEquals(
        "https://host/nets/a.pkl: is damaged",
        new BadFileException(address, "is damaged").getMessage());
  }
}

package dev.ect.model.io;

import java.io.IOException;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Http and https addresses among paths. Names and passwords in them, and what follows a question
 * mark or a hash, are nobody else's business; nor is a password in an address of any other kind.
 */
public final class Addresses {
  private static final Pattern ADDRESS = Pattern.compile("(?i)https?://.*");

  /** User and password before the host, and all from a question mark or hash to a space. */
  private static final Pattern SECRETS =
      Pattern.compile("(?i)(https?://)(?:[^/\\s@]*@)?([^\\s?#]*)(?:[?#]\\S*?(?=[:;,]?(?:\\s|$)))?");

  /** User and password before the host of any other address; a user alone is part of some. */
  private static final Pattern LOGIN =
      Pattern.compile("(?i)\\b([a-z][a-z0-9+.-]*://)[^/\\s@:]*:[^/\\s]*@");

  /** The pin that ends an address. */
  private static final Pattern PIN = Pattern.compile("#sha256=[0-9a-fA-F]{64}$");

  private Addresses() {}

  /** Whether a path is an address. */
  public static boolean is(String path) {
    return ADDRESS.matcher(path).matches();
  }

  /**
   * @throws IOException if the address is not valid
   */
  public static URI parse(String address) throws IOException {
    try {
      URI uri = URI.create(address);
      if (uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Its message repeats the address with its secrets.
    }
    throw new IOException(
        hidden(address) + ": is not a valid address; expected http[s]://host/path");
  }

  /**
   * A path for messages and files that others see: an address without its secrets, any other path
   * as it is.
   */
  public static String withoutSecrets(String path) {
    if (!is(path)) {
      return LOGIN.matcher(path).replaceAll("$1");
    }
    try {
      URI uri = parse(path);
      return uri.getScheme()
          + "://"
          + uri.getHost()
          + (uri.getPort() < 0 ? "" : ":" + uri.getPort())
          + uri.getRawPath();
    } catch (IOException e) {
      return hidden(path);
    }
  }

  /** {@link #withoutSecrets} that keeps the SHA-256 which an address asks for. */
  public static String withPinOnly(String path) {
    Matcher pin = PIN.matcher(path);
    return withoutSecrets(path) + (is(path) && pin.find() ? pin.group() : "");
  }

  /** A message with the addresses in it as {@link #withoutSecrets} shows them. */
  public static String hideSecrets(String message) {
    return LOGIN.matcher(SECRETS.matcher(message).replaceAll("$1$2")).replaceAll("$1");
  }

  /** The folder for what belongs beside a file: for an address the working folder. */
  public static String folderOf(String path) {
    return is(path) ? "" : Store.parent(path);
  }

  private static String hidden(String address) {
    return address.replaceFirst("//.*", "//...");
  }
}

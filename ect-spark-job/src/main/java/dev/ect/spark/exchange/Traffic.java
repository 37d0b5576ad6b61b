package dev.ect.spark.exchange;

import java.io.Serializable;

/**
 * What an exchange has sent and received since it was opened.
 *
 * @param bytesSent with headers
 * @param bytesReceived with headers
 * @param framesDropped received but not from a peer of the run, damaged, or not for the first time
 */
public record Traffic(long bytesSent, long bytesReceived, long framesDropped)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Nothing at all. */
  public static final Traffic NONE = new Traffic(0, 0, 0);
}

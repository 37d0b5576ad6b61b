package dev.ect.spark.exchange;

import dev.ect.spark.config.ExchangeConfig;
import java.io.Serializable;

/**
 * What an executor needs to join the parameter server of a run.
 *
 * @param rootChannel Aeron channel that the server listens at
 * @param secret key that every frame is sealed with; travels with Spark's tasks
 * @param config how to exchange
 */
public record Invitation(String rootChannel, byte[] secret, ExchangeConfig config)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  public Invitation {
    secret = secret.clone();
  }

  @Override
  public byte[] secret() {
    return secret.clone();
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "Invitation[" + rootChannel + "]";
  }
}

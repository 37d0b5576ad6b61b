package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** What every engine promises; its parts are the interfaces. No test may leave a tensor open. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class EngineContractTest
    implements ForwardContract,
        GradientContract,
        TensorContract,
        UpdateContract,
        DropoutContract,
        ErrorContract,
        LifetimeContract {
  private Engine engine;

  /** A fresh float32 engine. */
  abstract Engine open();

  @Override
  public Engine fresh() {
    return open();
  }

  /**
   * A provider's engine on the device that the system property {@code ect.test.device} names, by
   * default the CPU. One thread: with more, every small kernel waits for a busy machine's
   * scheduler.
   */
  static Engine provided(String name) {
    return provided(name, MemoryFormat.AUTO);
  }

  /** The same with a memory format. */
  static Engine provided(String name, MemoryFormat format) {
    String device = System.getProperty("ect.test.device", "cpu");
    int threads = Integer.getInteger("ect.test.threads", 1);
    return Engines.open(name, new EngineOptions(Precision.FLOAT32, threads, device, format, 0));
  }

  @Override
  public Engine engine() {
    return engine;
  }

  @Override
  public double tolerance() {
    return 1e-5;
  }

  @BeforeAll
  void openEngine() {
    engine = open();
  }

  @AfterAll
  void closeEngine() {
    engine.close();
  }

  @AfterEach
  void nothingStaysOpen() {
    long open = engine.openTensors();
    if (open != 0) {
      // the next test starts afresh
      engine.close();
      engine = open();
    }
    assertEquals(0, open, "open tensors after the test");
  }
}

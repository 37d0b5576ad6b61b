package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.network.Network;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class TunerLifetimeTest {
  /** An engine that runs out of memory once it has made so many tensors and views. */
  private static Engine limited(Engine engine, int tensors) {
    AtomicInteger left = new AtomicInteger(tensors);
    return (Engine)
        Proxy.newProxyInstance(
            Engine.class.getClassLoader(),
            new Class<?>[] {Engine.class},
            (proxy, method, arguments) -> {
              if (Set.of("zeros", "view").contains(method.getName())
                  && left.getAndDecrement() == 0) {
                throw new OutOfMemoryError("none left");
              }
              try {
                return method.invoke(engine, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static Tuner tuner(Engine engine, Network network) {
    return TinyRun.tuner(engine, network, EmaSpec.fixed(0.5), new PowerFunctionEma(0.1));
  }

  @Test
  void failedConstructionLeavesNothingOpen() {
    Network network = TinyRun.network(0);
    int all = 7 + 2 * network.parameters().entries().size();
    try (Engine engine = new ReferenceEngine()) {
      for (int tensors : new int[] {0, 2, 4, 5, 6, 7, 8, all - 2, all - 1}) {
        Engine limited = limited(engine, tensors);
        assertThrows(OutOfMemoryError.class, () -> tuner(limited, network).close());
        assertEquals(0, engine.openTensors(), "after " + tensors);
      }
      tuner(limited(engine, all), network).close();
      assertEquals(0, engine.openTensors());
    }
  }
}

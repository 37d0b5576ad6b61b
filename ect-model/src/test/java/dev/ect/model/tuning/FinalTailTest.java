package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Parameter;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is said to be final while a gradient is computed does not change any more. */
final class FinalTailTest {
  private static final int BATCH = 5;
  private static final int MICRO = 2;
  private static final int ROUNDS = 3;
  private static final Loss LOSS = EctLoss.DEFAULT.atStage(1);

  /** The part of the gradient from a value on, as it was when it was reported. */
  private record Report(long from, float[] values, int kernels) {
    static Report of(Tuner tuner, long from, int kernels) {
      float[] values = new float[Math.toIntExact(tuner.vectors().gradient().elements() - from)];
      tuner.vectors().gradient().read(from, FloatBuffer.wrap(values));
      return new Report(from, values, kernels);
    }
  }

  static Stream<Arguments> enginesAndNetworks() {
    Stream<Named<Supplier<Engine>>> engines =
        Stream.concat(
            Stream.of(Named.of("reference", ReferenceEngine::new)),
            Engines.providers().stream()
                .map(p -> Named.of(p.name(), () -> p.open(EngineOptions.defaults()))));
    return engines.flatMap(
        engine -> Stream.of(Architecture.values()).map(arch -> Arguments.of(engine, arch)));
  }

  /** Of some hundred thousand parameters, with labels and without the augmentation it knows. */
  private static Network network(Architecture arch) {
    return Network.of(
        new NetworkSpec(arch, 8, 1, 2, 9, 16, List.of(1, 2), 2, 1, List.of(4), 0.2, 0));
  }

  private static void assertFinal(List<Report> reports, float[] gradient) {
    long last = gradient.length;
    for (Report report : reports) {
      assertTrue(report.from() < last, report.from() + " after " + last);
      last = report.from();
      float[] end = new float[report.values().length];
      System.arraycopy(gradient, (int) last, end, 0, end.length);
      assertArrayEquals(end, report.values(), "from " + last);
    }
    assertEquals(0, last);
  }

  @ParameterizedTest
  @MethodSource("enginesAndNetworks")
  void whatIsReportedInTheLastRoundIsFinal(Supplier<Engine> opener, Architecture arch) {
    try (Engine engine = opener.get();
        Tuner tuner = TinyRun.tuner(engine, network(arch))) {
      Batch batch = TinyRun.batch(BATCH, 0);
      double[] losses = tuner.gradient(LOSS, batch, BATCH, MICRO);
      float[] expected = tuner.vectors().gradient().toArray();

      AtomicInteger rounds = new AtomicInteger();
      Loss counted =
          (denoiser, round, dropout, scale, listener) -> {
            rounds.incrementAndGet();
            return LOSS.backward(denoiser, round, dropout, scale, listener);
          };
      List<Report> reports = new ArrayList<>();
      double[] same =
          tuner.gradient(
              counted,
              batch,
              BATCH,
              MICRO,
              from -> {
                assertEquals(ROUNDS, rounds.get(), "rounds begun at the report of " + from);
                reports.add(Report.of(tuner, from, 0));
              });
      assertArrayEquals(losses, same);
      assertArrayEquals(expected, tuner.vectors().gradient().toArray());
      assertFinal(reports, expected);
      assertTrue(reports.size() > 1, "reports: " + reports.size());
      long last = expected.length;
      for (Report report : reports.subList(0, reports.size() - 1)) {
        assertTrue(last - report.from() >= 1 << 16, last + " to " + report.from());
        last = report.from();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void theFinalPartGrowsAllAlong(Architecture arch) {
    AtomicInteger kernels = new AtomicInteger();
    Network network = network(arch);
    long size = network.parameters().size();
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(counting(engine, kernels), network)) {
      List<Report> reports = new ArrayList<>();
      FinalTail tail =
          new FinalTail(
              network.parameters(), 1, from -> reports.add(Report.of(tuner, from, kernels.get())));
      LOSS.backward(tuner.denoiser(), TinyRun.batch(2, 0), null, 0.5, tail);
      tail.end();
      assertFinal(reports, tuner.vectors().gradient().toArray());
      double half = finalAfter(reports, 0.5 * kernels.get(), size);
      double most = finalAfter(reports, 0.75 * kernels.get(), size);
      assertTrue(half > 0.5 && half < 0.7, "final after half of the pass: " + half);
      assertTrue(most > 0.85 && most < 0.95, "final after three quarters of it: " + most);
      double last = 0;
      for (Report report : reports) {
        double now = 1 - (double) report.from() / size;
        assertTrue(now - last < 0.12, "final at once: " + last + " to " + now);
        last = now;
      }
    }
  }

  /** The share of the gradient that was final when so many backward kernels had run. */
  private static double finalAfter(List<Report> reports, double kernels, long size) {
    return reports.stream()
        .filter(report -> report.kernels() <= kernels)
        .mapToDouble(report -> 1 - (double) report.from() / size)
        .max()
        .orElse(0);
  }

  /** The same engine, counting its backward kernels. */
  private static Engine counting(Engine engine, AtomicInteger kernels) {
    return (Engine)
        Proxy.newProxyInstance(
            Engine.class.getClassLoader(),
            new Class<?>[] {Engine.class},
            (proxy, method, arguments) -> {
              if (method.getName().endsWith("Backward")) {
                kernels.incrementAndGet();
              }
              try {
                return method.invoke(engine, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void whatAPassDoesNotUseIsFinalFromTheStart() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("a", new long[] {4});
    shapes.put("b", new long[] {2, 3});
    shapes.put("c", new long[] {5});
    List<Long> reports = new ArrayList<>();
    FinalTail tail = new FinalTail(new ParameterLayout(shapes), 5, reports::add);
    Parameter a = new Parameter("a", null, null);
    Parameter b = new Parameter("b", null, null);
    tail.begin(Set.of(a, b));
    assertEquals(List.of(10L), reports);
    tail.complete(a);
    assertEquals(List.of(10L), reports);
    tail.complete(b);
    assertEquals(List.of(10L, 0L), reports);
    tail.end();
    assertEquals(List.of(10L, 0L), reports);
  }

  @Test
  void smallGainsAreReportedTogether() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      shapes.put("p" + i, new long[] {3});
      parameters.add(new Parameter("p" + i, null, null));
    }
    List<Long> reports = new ArrayList<>();
    FinalTail tail = new FinalTail(new ParameterLayout(shapes), 6, reports::add);
    tail.begin(Set.copyOf(parameters));
    for (int i = 4; i >= 0; i--) {
      tail.complete(parameters.get(i));
    }
    assertEquals(List.of(9L, 3L), reports);
    tail.end();
    assertEquals(List.of(9L, 3L, 0L), reports);
  }
}

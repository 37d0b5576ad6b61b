package dev.ect.model.checkpoint;

import dev.ect.model.network.Network;
import dev.ect.model.network.ParameterLayout;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What the tensors of a checkpoint are called: in a training state by prefixes of their names. */
final class StateNames {
  static final String WEIGHTS = "net.";
  static final String EMA = "ema.";
  static final String EXP_AVG = "exp_avg.";
  static final String EXP_AVG_SQ = "exp_avg_sq.";
  static final String BUFFER = "buffer.";

  /** Of a further moving average: its id stands between. */
  private static final String FURTHER = "ema[";

  private static final String FURTHER_END = "].";

  private StateNames() {}

  /** The prefix of a further moving average. */
  static String further(String id) {
    return FURTHER + id + FURTHER_END;
  }

  /** The ids of the further moving averages among tensors. */
  static Set<String> emas(Collection<String> names) {
    Set<String> ids = new TreeSet<>();
    for (String name : names) {
      int end = name.indexOf(FURTHER_END);
      if (name.startsWith(FURTHER) && end >= 0) {
        ids.add(name.substring(FURTHER.length(), end));
      }
    }
    return ids;
  }

  /** Names and shapes of a network snapshot. */
  static Map<String, long[]> ofSnapshot(Network network) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    add(shapes, "", network.parameters());
    add(shapes, "", network.buffers());
    return shapes;
  }

  /**
   * Names and shapes of a training state.
   *
   * @param emas ids of the further moving averages
   */
  static Map<String, long[]> ofState(Network network, Set<String> emas) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (String prefix : new String[] {WEIGHTS, EMA, EXP_AVG, EXP_AVG_SQ}) {
      add(shapes, prefix, network.parameters());
    }
    emas.forEach(id -> add(shapes, further(id), network.parameters()));
    add(shapes, BUFFER, network.buffers());
    return shapes;
  }

  private static void add(Map<String, long[]> shapes, String prefix, ParameterLayout layout) {
    layout.entries().forEach(e -> shapes.put(prefix + e.name(), e.shape()));
  }
}

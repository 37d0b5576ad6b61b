package dev.ect.model.engine.torch;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What LibTorch threw. Its messages run over many lines: a trace of the TorchScript code, the
 * error, and a trace of C++.
 *
 * @param line the error alone, in one line
 */
record TorchFailure(String line) {
  private static final int LONGEST = 300;
  private static final Pattern DEVICE =
      Pattern.compile("(?i)out of memory|not enough memory|can't allocate memory|CUDA.* error");

  static TorchFailure of(RuntimeException e) {
    List<String> lines =
        String.valueOf(e.getMessage())
            .lines()
            .map(String::strip)
            .takeWhile(line -> !line.startsWith("Exception raised from"))
            .filter(line -> !line.isEmpty())
            .toList();
    // The interpreter puts the error after its trace of the code, led by a Python type.
    String line =
        lines.stream()
            .filter(l -> l.matches("[\\w.]*(Error|Exception): .*"))
            .reduce((first, second) -> second)
            .map(l -> l.substring(l.indexOf(": ") + 2))
            .orElse(lines.isEmpty() ? "LibTorch gives no reason" : lines.get(0));
    return new TorchFailure(
        line.length() > LONGEST ? line.substring(0, LONGEST - 3) + "..." : line);
  }

  /** Whether the machine is to blame, and not the network. */
  boolean isOfDevice() {
    return DEVICE.matcher(line).find();
  }
}

package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class KernelTableTest {
  @Test
  void everyKernelGetsALineWithItsShareAndTheRestGetsOneToo() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      KernelTable.print(
          out,
          new ObjectMapper()
              .readTree(
                  """
                  {"engine": "torch", "precision": "float32", "kernels": {
                    "seconds": 2, "secondsOutside": 0.25, "kernels": [
                      {"name": "conv2d 3x3 at 32x32", "calls": 3, "seconds": 1.5,
                       "gflopsPerSecond": 98.7},
                      {"name": "silu", "calls": 12, "seconds": 0.25}]}}
                  """),
          "step");
    }
    assertEquals(
        """

        torch float32: one further step, 2000.0 ms
        kernel                            calls         ms  share   GFLOP/s
        conv2d 3x3 at 32x32                   3     1500.0 75.0 %        99
        silu                                 12      250.0 12.5 %
        outside kernels                              250.0 12.5 %
        """,
        bytes.toString(StandardCharsets.UTF_8));
  }
}

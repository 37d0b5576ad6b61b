package dev.ect.model.engine;

import dev.ect.model.io.BadFileException;
import java.util.Map;

/**
 * A network from a TorchScript file, ready to run. It computes without gradients, in the number
 * formats that the file itself asks for, and the same inputs give the same bits in every call.
 *
 * <p>Used by one thread at a time. Whoever opened it closes it, which frees its native memory.
 */
public interface ScriptedNetwork extends AutoCloseable {
  /**
   * What a network gives.
   *
   * @param values in row-major order; float16, bfloat16 and float64 are converted to float32
   * @param shape of any rank
   */
  record Output(float[] values, long[] shape) {}

  /** Where it computes, for people. */
  String device();

  /**
   * Runs the network on unsigned bytes.
   *
   * @param values row-major, usually [N,C,H,W]
   * @param shape their shape
   * @param keywords the boolean arguments that are given by name
   * @throws IllegalArgumentException if the shape asks for another number of values
   * @throws BadFileException if the network does not take such arguments or fails, or if its result
   *     is not one tensor of floating-point numbers
   * @throws IllegalStateException if the device has failed or has too little memory, or if this is
   *     closed
   */
  Output run(byte[] values, long[] shape, Map<String, Boolean> keywords) throws BadFileException;

  /** The same on float32 values. */
  Output run(float[] values, long[] shape, Map<String, Boolean> keywords) throws BadFileException;

  @Override
  void close();
}

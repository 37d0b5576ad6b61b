package dev.ect.model.engine.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J operations with given outputs, chosen by measurement on the CPU: sums over rows as matrix
 * products, because ND4J's own reductions take 4 to 10 times as long; per-row terms through the
 * broadcasting operations; tanh instead of sigmoid, because oneDNN has it (0.8 ms for 2 million
 * values, against 4.4).
 */
final class Nd4jOps {
  private Nd4jOps() {}

  /** Executes an operation by its ND4J name, with integer arguments. */
  static void exec(String name, INDArray[] inputs, INDArray[] outputs, long... arguments) {
    DynamicCustomOp op =
        DynamicCustomOp.builder(name).addInputs(inputs).addOutputs(outputs).build();
    op.addIArgument(arguments);
    Nd4j.exec(op);
  }

  static INDArray[] list(INDArray... arrays) {
    return arrays;
  }

  /** {@code z = x * y}, axes of size 1 repeated. */
  static INDArray multiply(INDArray x, INDArray y, INDArray z) {
    exec("multiply", list(x, y), list(z));
    return z;
  }

  /** {@code z = x + y}, axes of size 1 repeated. */
  static INDArray add(INDArray x, INDArray y, INDArray z) {
    exec("add", list(x, y), list(z));
    return z;
  }

  /** {@code z = x - y}, axes of size 1 repeated. */
  static INDArray subtract(INDArray x, INDArray y, INDArray z) {
    exec("subtract", list(x, y), list(z));
    return z;
  }

  static INDArray tanh(INDArray x, INDArray z) {
    exec("tanh", list(x), list(z));
    return z;
  }

  /** {@code z = x y}, of matrices or of stacks of matrices, either transposed if asked. */
  static INDArray matmul(
      INDArray x, boolean transposeX, INDArray y, boolean transposeY, INDArray z) {
    exec("matmul", list(x, y), list(z), transposeX ? 1 : 0, transposeY ? 1 : 0);
    return z;
  }

  /** The sums of the rows of x, into an array of as many values. */
  static INDArray sumRows(Nd4jMemory memory, INDArray x, INDArray z) {
    matmul(x, false, memory.ones(x.size(1)).reshape(x.size(1), 1), false, z.reshape(x.size(0), 1));
    return z;
  }

  /** The sums of the columns of x, into an array of as many values. */
  static INDArray sumColumns(Nd4jMemory memory, INDArray x, INDArray z) {
    matmul(memory.ones(x.size(0)).reshape(1, x.size(0)), false, x, false, z.reshape(1, x.size(1)));
    return z;
  }
}

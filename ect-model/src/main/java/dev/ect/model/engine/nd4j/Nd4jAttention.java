package dev.ect.model.engine.nd4j;

import dev.ect.model.engine.Result;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/** Self-attention by products of stacks of matrices, one per image and head. */
final class Nd4jAttention {
  private final Nd4jEngine engine;
  private final Nd4jScratch scratch;
  private final long stack;
  private final long channels;
  private final long area;
  private final double scale;
  private final long[] outputShape;
  private final INDArray q;
  private final INDArray k;
  private final INDArray v;

  /**
   * @param outputShape {@code [N, C, H, W]}
   */
  Nd4jAttention(
      Nd4jEngine engine, Nd4jScratch scratch, Nd4jTensor qkv, int heads, long[] outputShape) {
    this.engine = engine;
    this.scratch = scratch;
    this.outputShape = outputShape;
    stack = outputShape[0] * heads;
    channels = outputShape[1] / heads;
    area = outputShape[2] * outputShape[3];
    scale = 1 / Math.sqrt((double) channels);
    q = perHead();
    k = perHead();
    v = perHead();
    Nd4jOps.exec(
        "unstack", Nd4jOps.list(qkv.as(stack, channels, 3, area)), Nd4jOps.list(q, k, v), 2);
  }

  Result forward(boolean save) {
    INDArray scores = weights();
    product(q, true, k, false, scale, scores);
    Nd4jTensor weights = engine.uninitialized(stack, area, area);
    Nd4jOps.exec("softmax", Nd4jOps.list(scores), Nd4jOps.list(weights.as(stack, area, area)), 2);
    Nd4jTensor y = engine.uninitialized(outputShape);
    product(v, false, weights.as(stack, area, area), true, 1, y.as(stack, channels, area));
    if (save) {
      return new Result(y, List.of(weights));
    }
    weights.close();
    return new Result(y, List.of());
  }

  Nd4jTensor backward(Nd4jTensor gy, Nd4jTensor weights) {
    INDArray w = weights.as(stack, area, area);
    INDArray gOutput = gy.as(stack, channels, area);
    INDArray gv = product(gOutput, false, w, false, 1, perHead());
    INDArray gw = product(gOutput, true, v, false, 1, weights());
    // Softmax: gradient of the scores = w * (gw - sum over keys of w * gw).
    INDArray gScores = w.mul(gw, weights());
    INDArray sums = Nd4jOps.sumRows(engine.memory(), rows(gScores), scratch.take(stack * area, 1));
    gScores.subi(Nd4jOps.multiply(rows(w), sums, rows(gw)).reshape(stack, area, area));
    INDArray gq = product(k, false, gScores, true, scale, perHead());
    INDArray gk = product(q, false, gScores, false, scale, perHead());
    Nd4jTensor gx =
        engine.uninitialized(outputShape[0], 3 * outputShape[1], outputShape[2], outputShape[3]);
    Nd4jOps.exec(
        "stack", Nd4jOps.list(gq, gk, gv), Nd4jOps.list(gx.as(stack, channels, 3, area)), 2);
    return gx;
  }

  private INDArray perHead() {
    return scratch.take(stack * channels, area).reshape(stack, channels, area);
  }

  private INDArray weights() {
    return scratch.take(stack * area, area).reshape(stack, area, area);
  }

  private INDArray rows(INDArray weights) {
    return weights.reshape(stack * area, area);
  }

  /** {@code z = alpha * x y}, per matrix of the stacks. */
  private static INDArray product(
      INDArray x, boolean transposeX, INDArray y, boolean transposeY, double alpha, INDArray z) {
    DynamicCustomOp op =
        DynamicCustomOp.builder("matmul")
            .addInputs(x, y)
            .addOutputs(z)
            .addIntegerArguments(transposeX ? 1 : 0, transposeY ? 1 : 0)
            .addFloatingPointArguments(alpha, 0.0)
            .build();
    Nd4j.exec(op);
    return z;
  }
}

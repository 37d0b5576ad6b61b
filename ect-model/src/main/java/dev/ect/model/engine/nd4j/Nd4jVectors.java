package dev.ect.model.engine.nd4j;

import dev.ect.model.engine.AdamUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.comparison.CompareAndSet;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.conditions.Condition;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * In-place updates of state vectors, piece by piece so that what one operation wrote is still in
 * the cache for the next.
 */
final class Nd4jVectors {
  private static final int CHUNK = 1 << 17;

  private Nd4jVectors() {}

  static void replaceNonFinite(Nd4jTensor x, float nan, float plus, float minus) {
    // A sum of magnitudes is finite only if every value is; one pass settles the usual case.
    double magnitudes = Nd4j.getBlasWrapper().level1().asum(x.flat());
    if (Double.isFinite(magnitudes)) {
      return;
    }
    replace(x.flat(), nan, Conditions.isNan());
    replace(x.flat(), plus, Conditions.greaterThan(Float.MAX_VALUE));
    replace(x.flat(), minus, Conditions.lessThan(-Float.MAX_VALUE));
  }

  private static void replace(INDArray x, float value, Condition condition) {
    Nd4j.getExecutioner().exec(new CompareAndSet(x, value, condition));
  }

  static void accumulate(Nd4jTensor target, double scale, Nd4jTensor source) {
    if (scale == 0) {
      target.flat().assign(source.flat());
    } else if (scale == 1) {
      target.flat().addi(source.flat());
    } else {
      target.flat().muli(scale).addi(source.flat());
    }
  }

  static void movingAverage(Nd4jTensor average, Nd4jTensor net, double beta) {
    INDArray[] averages = average.chunks(CHUNK);
    INDArray[] nets = net.chunks(CHUNK);
    for (int i = 0; i < averages.length; i++) {
      averages[i].subi(nets[i]).muli(beta).addi(nets[i]);
    }
  }

  static void adamUpdate(
      Nd4jMemory memory,
      Nd4jTensor w,
      Nd4jTensor g,
      Nd4jTensor m,
      Nd4jTensor v,
      AdamUpdate update) {
    INDArray[] ws = w.chunks(CHUNK);
    INDArray[] gs = g.chunks(CHUNK);
    INDArray[] ms = m.chunks(CHUNK);
    INDArray[] vs = v.chunks(CHUNK);
    INDArray whole = memory.take(ws[0].length());
    INDArray last = memory.take(ws[ws.length - 1].length());
    try {
      for (int i = 0; i < ws.length; i++) {
        adam(ws[i], gs[i], ms[i], vs[i], i < ws.length - 1 ? whole : last, update);
      }
    } finally {
      memory.give(whole);
      memory.give(last);
    }
  }

  /**
   * ND4J's own updater rounds 1 - beta2 to float32's precision at 1, five digits too early, and is
   * no faster.
   */
  private static void adam(
      INDArray w, INDArray g, INDArray m, INDArray v, INDArray work, AdamUpdate update) {
    g.mul(1 - update.beta1(), work);
    m.muli(update.beta1()).addi(work);
    g.mul(g, work).muli(1 - update.beta2());
    v.muli(update.beta2()).addi(work);
    if (update.vScale() == 0) {
      m.mul(update.step(), work);
    } else {
      Nd4j.getExecutioner().exec(new Sqrt(v, work));
      work.muli(update.vScale()).addi(update.eps());
      m.div(work, work).muli(update.step());
    }
    w.subi(work);
  }
}

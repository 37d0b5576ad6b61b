package dev.ect.model.engine.nd4j;

import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Group normalisation with its affine part and SiLU. With xhat = (x - mean) * rstd per image and
 * group, and a, b per image and channel, z = a * xhat + b; SiLU is h + h * tanh(h) with h = z / 2,
 * so the factor 1/2 goes into a and b.
 */
final class Nd4jGroupNorm {
  private final Nd4jEngine engine;
  private final Nd4jMemory memory;
  private final Nd4jScratch scratch;
  private final GroupNorm norm;
  private final Nd4jTensor gamma;
  private final Nd4jTensor beta;
  private final Nd4jTensor scaleShift;
  private final long n;
  private final long c;
  private final long area;
  private final long groups;
  private final long members;
  private final double half;

  Nd4jGroupNorm(
      Nd4jEngine engine,
      Nd4jScratch scratch,
      Nd4jTensor x,
      Nd4jTensor gamma,
      Nd4jTensor beta,
      Nd4jTensor scaleShift,
      GroupNorm norm) {
    this.engine = engine;
    this.memory = engine.memory();
    this.scratch = scratch;
    this.norm = norm;
    this.gamma = gamma;
    this.beta = beta;
    this.scaleShift = scaleShift;
    n = x.size(0);
    c = x.size(1);
    area = x.size(2) * x.size(3);
    groups = n * norm.groups();
    members = c / norm.groups() * area;
    half = norm.silu() ? 0.5 : 1;
  }

  Result forward(Nd4jTensor x, boolean save) {
    INDArray mean = mean(x.as(groups, members));
    INDArray centred = Nd4jOps.subtract(x.as(groups, members), mean, scratch.take(groups, members));
    // The first mean carries float32's error of a long sum, which matters where the mean is much
    // larger than the deviation: correct by the rest's mean.
    INDArray rest = mean(centred);
    INDArray work = centred.mul(centred, scratch.take(groups, members));
    INDArray rstd = mean(work);
    rstd.subi(rest.mul(rest, scratch.take(groups, 1))).addi(norm.eps());
    Nd4j.getExecutioner().exec(new Sqrt(rstd, rstd));
    rstd.rdivi(1);

    INDArray factor = Nd4jOps.multiply(perGroup(slope()), rstd, perGroup(scratch.take(n, c)));
    INDArray shift = intercept();
    perGroup(shift).subi(Nd4jOps.multiply(factor, rest, perGroup(scratch.take(n, c))));
    shift.muli(half);
    factor.muli(half);

    Nd4jTensor y = engine.uninitialized(x.shape());
    Nd4jOps.multiply(perChannel(centred), factor.reshape(n * c, 1), perChannel(work));
    Nd4jOps.add(perChannel(work), shift.reshape(n * c, 1), y.as(n * c, area));
    if (norm.silu()) {
      INDArray flat = centred.reshape(x.elements());
      Nd4jOps.tanh(y.flat(), flat);
      y.flat().addi(flat.muli(y.flat()));
    }
    if (!save) {
      return new Result(y, List.of());
    }
    return new Result(
        y,
        List.of(
            engine.copy(mean.addi(rest), n, norm.groups()), engine.copy(rstd, n, norm.groups())));
  }

  Tensor[] backward(
      Nd4jTensor gy, Nd4jTensor x, List<Tensor> saved, Nd4jTensor gGamma, Nd4jTensor gBeta) {
    INDArray mean = engine.own(saved.get(0)).as(groups, 1);
    INDArray rstd = engine.own(saved.get(1)).as(groups, 1);
    INDArray slope = slope();
    INDArray factor =
        Nd4jOps.multiply(perGroup(slope), rstd, perGroup(scratch.take(n, c)))
            .muli(half)
            .reshape(n * c, 1);
    INDArray centred = Nd4jOps.subtract(x.as(groups, members), mean, scratch.take(groups, members));
    INDArray work = scratch.take(groups, members);

    // gz * half is the gradient of z: the same half that is in the factor.
    INDArray gz = norm.silu() ? throughSilu(gy, centred, factor, work) : gy.as(n * c, area);
    INDArray sum = Nd4jOps.sumRows(memory, gz, scratch.take(n, c)).muli(half);
    INDArray product = gz.mul(perChannel(centred), perChannel(work));
    INDArray sumXhat = Nd4jOps.sumRows(memory, product, scratch.take(n, c)).muli(half);
    perGroup(sumXhat)
        .assign(Nd4jOps.multiply(perGroup(sumXhat), rstd, perGroup(scratch.take(n, c))));

    Nd4jTensor gScaleShift = parameterGradients(sum, sumXhat, gGamma, gBeta);

    // gx = rstd * (a gz - mean(a gz) - xhat * mean(a gz xhat)), the means over the group.
    INDArray meanSum = groupSums(slope, sum).muli(1.0 / members).muli(rstd);
    INDArray meanXhat = groupSums(slope, sumXhat).muli(1.0 / members).muli(rstd).muli(rstd);
    Nd4jTensor gx = engine.uninitialized(x.shape());
    Nd4jOps.multiply(centred, meanXhat, work);
    INDArray scaled = perGroupMembers(Nd4jOps.multiply(gz, factor, perChannel(centred)));
    scaled.subi(work);
    Nd4jOps.subtract(scaled, meanSum, gx.as(groups, members));
    return new Tensor[] {gx, gScaleShift};
  }

  /**
   * With t = tanh(h), the derivative of h + h t in h is 1 + t + h - h t^2; gives its product with
   * gy.
   */
  private INDArray throughSilu(Nd4jTensor gy, INDArray centred, INDArray factor, INDArray work) {
    INDArray shift = intercept().muli(half).reshape(n * c, 1);
    INDArray h = scratch.take(n * c, area);
    Nd4jOps.add(Nd4jOps.multiply(perChannel(centred), factor, perChannel(work)), shift, h);
    INDArray t = perChannel(work);
    Nd4jOps.tanh(h, t);
    INDArray product = h.mul(t, scratch.take(n * c, area));
    h.addi(t).subi(product.muli(t)).addi(1);
    return h.muli(gy.as(n * c, area));
  }

  /** Adds the gradients of gamma and beta and gives that of scaleShift, which may be null. */
  private Nd4jTensor parameterGradients(
      INDArray sum, INDArray sumXhat, Nd4jTensor gGamma, Nd4jTensor gBeta) {
    Nd4jTensor gScaleShift = null;
    INDArray forGamma = sumXhat;
    INDArray forBeta = sum;
    if (scaleShift != null) {
      INDArray gScale = Nd4jOps.multiply(sumXhat, gamma.as(1, c), scratch.take(n, c));
      gScale.addi(Nd4jOps.multiply(sum, beta.as(1, c), scratch.take(n, c)));
      gScaleShift = engine.uninitialized(n, 2 * c);
      Nd4jOps.exec("concat", Nd4jOps.list(gScale, sum), Nd4jOps.list(gScaleShift.as(n, 2 * c)), 1);
      INDArray scale = scale();
      forGamma = sumXhat.mul(scale, scratch.take(n, c));
      forBeta = sum.mul(scale, scratch.take(n, c));
    }
    if (gGamma != null) {
      gGamma.flat().addi(Nd4jOps.sumColumns(memory, forGamma, scratch.take(1, c)).reshape(c));
    }
    if (gBeta != null) {
      gBeta.flat().addi(Nd4jOps.sumColumns(memory, forBeta, scratch.take(1, c)).reshape(c));
    }
    return gScaleShift;
  }

  /** a: gamma, or gamma * (scale + 1), {@code [N, C]}. */
  private INDArray slope() {
    INDArray factor = scaleShift == null ? memory.ones(n).reshape(n, 1) : scale();
    return Nd4jOps.multiply(factor, gamma.as(1, c), scratch.take(n, c));
  }

  /** b: beta, or beta * (scale + 1) + shift, {@code [N, C]}. */
  private INDArray intercept() {
    INDArray factor = scaleShift == null ? memory.ones(n).reshape(n, 1) : scale();
    INDArray b = Nd4jOps.multiply(factor, beta.as(1, c), scratch.take(n, c));
    return scaleShift == null ? b : b.addi(columns(c));
  }

  /** scale + 1, {@code [N, C]}. */
  private INDArray scale() {
    return columns(0).addi(1);
  }

  private INDArray columns(long from) {
    INDArray part = scratch.take(n, c);
    Nd4jOps.exec("slice", Nd4jOps.list(scaleShift.as(n, 2 * c)), Nd4jOps.list(part), 0, from, n, c);
    return part;
  }

  private INDArray mean(INDArray rows) {
    return Nd4jOps.sumRows(memory, rows, scratch.take(groups, 1)).muli(1.0 / members);
  }

  /** Per image and group, the sum of a * x over the group's channels. */
  private INDArray groupSums(INDArray a, INDArray x) {
    return Nd4jOps.sumRows(memory, perGroup(a.mul(x, scratch.take(n, c))), scratch.take(groups, 1));
  }

  private INDArray perGroup(INDArray channels) {
    return channels.reshape(groups, c / norm.groups());
  }

  private INDArray perChannel(INDArray values) {
    return values.reshape(n * c, area);
  }

  private INDArray perGroupMembers(INDArray values) {
    return values.reshape(groups, members);
  }
}

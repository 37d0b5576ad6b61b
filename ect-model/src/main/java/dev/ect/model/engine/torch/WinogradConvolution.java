package dev.ect.model.engine.torch;

import java.util.function.Consumer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Convolutions of 3x3 with a quarter of the multiplications, by {@link WinogradMatrices}: float32
 * on the CPU, whose libraries have only direct ones. Errors against float64 are as large as those
 * of the direct ones.
 *
 * <p>Images are cut into tiles. Input tiles, output gradients and filters are transformed, some
 * channels at a time; what the direct convolution multiplies becomes 36 products of matrices, one
 * for each value of a transformed tile; the products are transformed back. The parts of each of
 * these three are worked on side by side.
 */
final class WinogradConvolution implements AutoCloseable {
  private static final long OUT = WinogradMatrices.OUT;
  private static final long IN = WinogradMatrices.IN;
  private static final long FILTER = WinogradMatrices.FILTER;

  /** Values of a transformed tile, so products of matrices. */
  private static final int POINTS = (int) (IN * IN);

  /** Tiles that a batch must have at least for the products of matrices to be worth it. */
  private static final long TILES = 64;

  /** Fewer channels than this leave the products of matrices too small. */
  private static final long CHANNELS = 128;

  /** Values that are transformed at a time: what an inner cache holds. */
  private static final long CHUNK = 1 << 17;

  private final TorchWorkers workers;
  private final TorchScratch scratch = new TorchScratch();
  private final Tensor output;
  private final Tensor outputAdjoint;
  private final Tensor filter;
  private final Tensor input;
  private final Tensor inputAdjoint;

  WinogradConvolution(int threads) {
    workers = new TorchWorkers(threads);
    try (Scope scope = new Scope()) {
      output = constant(WinogradMatrices.output(), POINTS);
      filter = constant(WinogradMatrices.filter(), FILTER * FILTER);
      input = constant(WinogradMatrices.input(), POINTS);
      outputAdjoint = kept(output.t().contiguous());
      inputAdjoint = kept(input.t().contiguous());
    }
  }

  private static Tensor constant(float[] values, long columns) {
    return kept(torch.tensor(values, new TensorOptions(Native.FLOAT)).view(-1, columns));
  }

  private static Tensor kept(Tensor t) {
    t.retainReference();
    return t;
  }

  /** Whether it applies, and pays. */
  boolean suits(Tensor x, Tensor w, int padding) {
    return w.size(2) == FILTER
        && padding == 1
        && x.size(2) % OUT == 0
        && x.size(3) % OUT == 0
        && Math.min(w.size(0), w.size(1)) >= CHANNELS
        && x.size(0) * x.size(2) * x.size(3) >= TILES * OUT * OUT;
  }

  /**
   * @param x {@code [N, C, H, W]}
   * @param w {@code [K, C, 3, 3]}
   * @param b {@code [K]} or null
   * @return {@code [N, K, H, W]}
   */
  Tensor forward(Tensor x, Tensor w, Tensor b) {
    Tensor y = images(x, w.size(0));
    Tensor u = filters(w);
    for (WinogradTiling part : WinogradTiling.of(x)) {
      Tensor v = scratch.take("inputs", POINTS, w.size(1), part.tiles());
      forChannels(part, w.size(1), chunk -> transformInput(x, v, chunk));
      Tensor m = scratch.take("outputs", POINTS, w.size(0), part.tiles());
      workers.run(
          POINTS,
          (point, worker) ->
              torch.mm_out(m.select(0, point), u.select(0, point), v.select(0, point)));
      forChannels(part, w.size(0), chunk -> transformOutput(m, b, y, chunk));
    }
    return y;
  }

  /**
   * @param gy {@code [N, K, H, W]}
   * @param x {@code [N, C, H, W]}
   * @param w {@code [K, C, 3, 3]}
   * @param gw receives the gradient of w by addition, or null
   * @return the gradient of x, or null if it is not needed
   */
  Tensor backward(Tensor gy, Tensor x, Tensor w, boolean needInput, Tensor gw) {
    Tensor gx = needInput ? images(x, w.size(1)) : null;
    Tensor u = needInput ? filters(w) : null;
    Tensor gu =
        gw == null ? null : scratch.take("filterGradients", POINTS, w.size(0), w.size(1)).zero_();
    for (WinogradTiling part : WinogradTiling.of(x)) {
      Tensor gm = scratch.take("outputs", POINTS, w.size(0), part.tiles());
      forChannels(part, w.size(0), chunk -> transformGradient(gy, gm, chunk));
      // Of the inputs first, then, where those are not needed any more, of their gradients.
      Tensor v = scratch.take("inputs", POINTS, w.size(1), part.tiles());
      if (gw != null) {
        forChannels(part, w.size(1), chunk -> transformInput(x, v, chunk));
      }
      workers.run(
          POINTS,
          (point, worker) -> {
            Tensor gradients = gm.select(0, point);
            Tensor inputs = v.select(0, point);
            if (gw != null) {
              gu.select(0, point).addmm_(gradients, inputs.t());
            }
            if (needInput) {
              torch.mm_out(inputs, u.select(0, point).t(), gradients);
            }
          });
      if (needInput) {
        forChannels(part, w.size(1), chunk -> transformInputGradient(v, gx, chunk));
      }
    }
    if (gw != null) {
      addFilterGradient(gu, gw);
    }
    return gx;
  }

  /** {@code [36, K, C]}: the transformed filters. */
  private Tensor filters(Tensor w) {
    Tensor u = scratch.take("filters", POINTS, w.size(0), w.size(1));
    Tensor flat = u.view(POINTS, -1);
    Tensor rows = w.view(-1, FILTER * FILTER).t();
    forRanges(
        rows.size(1),
        CHUNK / POINTS,
        (from, count, worker) ->
            torch.mm_out(flat.narrow(1, from, count), filter, rows.narrow(1, from, count)));
    return u;
  }

  private void addFilterGradient(Tensor gu, Tensor gw) {
    Tensor flat = gu.view(POINTS, -1).t();
    Tensor rows = gw.view(-1, FILTER * FILTER);
    forRanges(
        rows.size(0),
        CHUNK / POINTS,
        (from, count, worker) ->
            rows.narrow(0, from, count).addmm_(flat.narrow(0, from, count), filter));
  }

  private interface Range {
    void run(long from, long count, int worker);
  }

  private void forRanges(long length, long step, Range range) {
    workers.run(
        Math.toIntExact((length + step - 1) / step),
        (task, worker) -> range.run(task * step, Math.min(step, length - task * step), worker));
  }

  /**
   * Some channels of a part of the batch.
   *
   * @param worker that transforms them, which has scratch memory of its own
   */
  private record Chunk(WinogradTiling part, long from, long count, int worker) {
    /** {@code [36, count * tiles]} of {@code [36, channels, tiles]}. */
    Tensor of(Tensor transformed) {
      return transformed.view(POINTS, -1).narrow(1, from * part.tiles(), count * part.tiles());
    }

    Tensor images(Tensor batch) {
      return part.of(batch, from, count);
    }
  }

  private void forChannels(WinogradTiling part, long channels, Consumer<Chunk> transform) {
    forRanges(
        channels,
        Math.max(1, CHUNK / (POINTS * part.tiles())),
        (from, count, worker) -> transform.accept(new Chunk(part, from, count, worker)));
  }

  private void transformInput(Tensor x, Tensor v, Chunk chunk) {
    Tensor padded = padded(chunk);
    chunk.part.interior(padded).copy_(chunk.images(x));
    Tensor values = tiles(chunk, IN);
    values.copy_(chunk.part.tiles(padded, 0, 0, IN, IN));
    torch.mm_out(chunk.of(v), input, values.view(IN * IN, -1));
  }

  private void transformOutput(Tensor m, Tensor b, Tensor y, Chunk chunk) {
    Tensor values = tiles(chunk, OUT);
    torch.mm_out(values.view(OUT * OUT, -1), output, chunk.of(m));
    Tensor target = chunk.part.tiles(chunk.images(y), 0, 0, OUT, OUT);
    if (b == null) {
      target.copy_(values);
    } else {
      Tensor bias = b.narrow(0, chunk.from, chunk.count).view(1, 1, chunk.count, 1, 1, 1);
      torch.add_out(target, values, bias);
    }
  }

  private void transformGradient(Tensor gy, Tensor gm, Chunk chunk) {
    Tensor values = tiles(chunk, OUT);
    values.copy_(chunk.part.tiles(chunk.images(gy), 0, 0, OUT, OUT));
    torch.mm_out(chunk.of(gm), outputAdjoint, values.view(OUT * OUT, -1));
  }

  private void transformInputGradient(Tensor gv, Tensor gx, Chunk chunk) {
    Tensor values = tiles(chunk, IN);
    torch.mm_out(values.view(IN * IN, -1), inputAdjoint, chunk.of(gv));
    Tensor padded = padded(chunk);
    // Tiles overlap by two pixels. Within each of these four parts they do not.
    for (long i = 0; i < IN; i += OUT) {
      for (long j = 0; j < IN; j += OUT) {
        long rows = Math.min(OUT, IN - i);
        long columns = Math.min(OUT, IN - j);
        chunk
            .part
            .tiles(padded, i, j, rows, columns)
            .add_(values.narrow(0, i, rows).narrow(1, j, columns));
      }
    }
    chunk.images(gx).copy_(chunk.part.interior(padded));
  }

  /** Zeros: {@code [images, channels, H+2, W+2]}. */
  private Tensor padded(Chunk chunk) {
    WinogradTiling part = chunk.part;
    return scratch
        .take(
            "padded" + chunk.worker,
            part.images(),
            chunk.count,
            part.height() + 2,
            part.width() + 2)
        .zero_();
  }

  /** {@code [side, side, channels, images, tiles down, tiles across]}. */
  private Tensor tiles(Chunk chunk, long side) {
    WinogradTiling part = chunk.part;
    return scratch.take(
        "tiles" + chunk.worker, side, side, chunk.count, part.images(), part.down(), part.across());
  }

  /** Images of x's number and size with so many channels. */
  private static Tensor images(Tensor x, long channels) {
    return torch.empty(
        new long[] {x.size(0), channels, x.size(2), x.size(3)},
        x.options(),
        new MemoryFormatOptional());
  }

  @Override
  public void close() {
    workers.close();
    for (Tensor t : new Tensor[] {output, outputAdjoint, filter, input, inputAdjoint}) {
      t.close();
    }
    scratch.close();
  }
}

package dev.ect.model.engine.torch;

import dev.ect.model.engine.DropoutMask;
import dev.ect.model.engine.KernelShapes;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * {@link DropoutMask}'s masks as LibTorch tensors: hashed in Java for the CPU, with integer
 * operations of LibTorch on a GPU.
 */
final class TorchDropout {
  private static final int GOLDEN = 0x9E3779B9;
  private static final int FIRST = 0x85EBCA6B;
  private static final int SECOND = 0xC2B2AE35;

  /** Values hashed at a time: what fits the inner caches. */
  private static final int CHUNK = 1 << 13;

  private TorchDropout() {}

  /**
   * Fills a tensor in main memory.
   *
   * @param mask {@code [keys.length, length]} in some shape, float32 or bfloat16
   */
  static void fill(Tensor mask, long[] keys, double p, long length) {
    boolean half = mask.scalar_type().value == Native.BFLOAT16.value;
    int least = DropoutMask.threshold(p);
    int kept = Float.floatToRawIntBits((float) (1 / (1 - p)));
    int bytes = half ? 2 : 4;
    int[] chunk = new int[CHUNK];
    BytePointer memory = new BytePointer(mask.data_ptr());
    for (int n = 0; n < keys.length; n++) {
      long mixed = DropoutMask.mix(keys[n]);
      int step = half ? 2 * CHUNK : CHUNK;
      for (long from = 0; from < length; from += step) {
        int count = (int) Math.min(step, length - from);
        IntPointer target = new IntPointer(memory.getPointer((n * length + from) * bytes));
        if (half) {
          pairs(mixed, (int) from, least, bfloat16(kept), chunk, (count + 1) / 2);
          target.put(chunk, 0, count / 2);
          if (count % 2 != 0) {
            memory.putShort((n * length + from + count - 1) * bytes, (short) chunk[count / 2]);
          }
        } else {
          singles(mixed, (int) from, least, kept, chunk, count);
          target.put(chunk, 0, count);
        }
      }
    }
  }

  /** As a loop over ints without branches, so that the compiler makes vector instructions of it. */
  private static void singles(long mixed, int from, int least, int kept, int[] out, int count) {
    int low = (int) mixed;
    int high = (int) (mixed >>> 32);
    for (int i = 0; i < count; i++) {
      out[i] = survives(low, high, from + i, least) & kept;
    }
  }

  /** Two values of 16 bits in each int, the first one in the lower half. */
  private static void pairs(long mixed, int from, int least, int kept, int[] out, int count) {
    int low = (int) mixed;
    int high = (int) (mixed >>> 32);
    int upper = kept << 16;
    for (int i = 0; i < count; i++) {
      out[i] =
          (survives(low, high, from + 2 * i, least) & kept)
              | (survives(low, high, from + 2 * i + 1, least) & upper);
    }
  }

  /** All bits set where the value survives, else none. */
  private static int survives(int low, int high, int index, int least) {
    int h = index * GOLDEN + low;
    h ^= h >>> 16;
    h *= FIRST;
    h ^= (h >>> 13) ^ high;
    h *= SECOND;
    h ^= h >>> 16;
    return (least - 1 - (h >>> 8)) >> 31;
  }

  /** The upper half of a float's bits, rounded. */
  private static int bfloat16(int bits) {
    return (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
  }

  /**
   * The masks, made on the device; 32-bit integers wrap around there as they do in Java.
   *
   * @param shape {@code [keys.length, ...]}
   */
  static Tensor hash(
      long[] keys,
      double p,
      long[] shape,
      TorchLayout layout,
      TorchDevice device,
      ScalarType type) {
    int[] halves = new int[2 * keys.length];
    for (int n = 0; n < keys.length; n++) {
      long mixed = DropoutMask.mix(keys[n]);
      halves[n] = (int) mixed;
      halves[keys.length + n] = (int) (mixed >>> 32);
    }
    Tensor sent = device.send(torch.tensor(halves, new TensorOptions(ScalarType.Int)));
    long[] perImage = new long[shape.length];
    Arrays.fill(perImage, 1);
    perImage[0] = keys.length;
    Tensor low = sent.narrow(0, 0, keys.length).view(perImage);
    Tensor high = sent.narrow(0, keys.length, keys.length).view(perImage);
    long[] image = shape.clone();
    image[0] = 1;
    long length = KernelShapes.elements(image);
    Tensor index = torch.arange(new Scalar(length), sent.options()).mul_(new Scalar(GOLDEN));
    Tensor h = layout.of(index.view(image)).add(low);
    h.bitwise_xor_(shift(h, 16));
    h.mul_(new Scalar(FIRST));
    h.bitwise_xor_(shift(h, 13).bitwise_xor_(high));
    h.mul_(new Scalar(SECOND));
    h.bitwise_xor_(shift(h, 16));
    Tensor survivors = shift(h, 8).ge(new Scalar(DropoutMask.threshold(p)));
    return survivors.to(type).mul_(new Scalar(1 / (1 - p)));
  }

  /** The logical shift to the right; LibTorch's repeats the sign. */
  private static Tensor shift(Tensor h, int bits) {
    return h.bitwise_right_shift(new Scalar(bits)).bitwise_and_(new Scalar(-1 >>> bits));
  }
}

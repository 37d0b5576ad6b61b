package dev.ect.spark.training;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What travels with the gradient or update of a step.
 *
 * @param lossSum sum of the losses of the images
 * @param images how many these are
 * @param stop whether the user asked the run to stop
 * @param leave whether an executor has to leave
 */
record StepNote(double lossSum, int images, boolean stop, boolean leave) {
  static final StepNote NONE = new StepNote(0, 0, false, false);

  private static final int STOP = 1;
  private static final int LEAVE = 2;

  /** Mean loss of the images. */
  double loss() {
    return lossSum / images;
  }

  byte[] toBytes() {
    return ByteBuffer.allocate(Double.BYTES + Integer.BYTES + Byte.BYTES)
        .putDouble(lossSum)
        .putInt(images)
        .put((byte) ((stop ? STOP : 0) | (leave ? LEAVE : 0)))
        .array();
  }

  /** All replicas together; the same bits on each, as they add in the order of the ranks. */
  static StepNote sum(List<byte[]> notes) {
    StepNote sum = NONE;
    for (byte[] note : notes) {
      ByteBuffer in = ByteBuffer.wrap(note);
      double loss = in.getDouble();
      int count = in.getInt();
      int flags = in.get();
      sum =
          new StepNote(
              sum.lossSum + loss,
              sum.images + count,
              sum.stop || (flags & STOP) != 0,
              sum.leave || (flags & LEAVE) != 0);
    }
    return sum;
  }
}

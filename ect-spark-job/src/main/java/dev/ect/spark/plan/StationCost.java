package dev.ect.spark.plan;

/**
 * CPU time of a thread that frames pass through: by their bytes, and at least so much for each.
 * Full frames cost what their bytes do; what is short, or carries nothing, costs what waking does.
 *
 * @param frameSeconds of a frame at least
 * @param byteSeconds for each byte
 */
public record StationCost(double frameSeconds, double byteSeconds) {
  /** No cost at all. */
  static final StationCost NONE = new StationCost(0, 0);

  /**
   * From two measurements.
   *
   * @param frameSeconds of a frame that carries nothing, which may have been waited for
   * @param fullSeconds of a full frame
   * @param fullBytes of it
   */
  static StationCost of(double frameSeconds, double fullSeconds, double fullBytes) {
    return new StationCost(Math.min(frameSeconds, fullSeconds), fullSeconds / fullBytes);
  }

  double seconds(double frames, double bytes) {
    return Math.max(frameSeconds * frames, byteSeconds * bytes);
  }

  StationCost times(double factor) {
    return new StationCost(factor * frameSeconds, factor * byteSeconds);
  }

  StationCost plus(double furtherByteSeconds) {
    return new StationCost(frameSeconds, byteSeconds + furtherByteSeconds);
  }
}

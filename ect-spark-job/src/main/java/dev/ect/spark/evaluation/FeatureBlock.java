package dev.ect.spark.evaluation;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Features of neighbouring images, cut at the same places whatever the partitions that they were
 * computed in.
 *
 * @param number of the block, from 0
 * @param rows images
 * @param values {@code [rows, width]} row-major
 */
record FeatureBlock(int number, int rows, float[] values) implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Gathers blocks, each a partition of its own.
   *
   * @param blockRows images of every block but the last
   */
  static JavaRDD<FeatureBlock> gather(SetFeatures features, int blockRows) {
    int request = features.request();
    int count = features.count();
    int blocks = (count + blockRows - 1) / blockRows;
    return features
        .chunks()
        .flatMapToPair(chunk -> pieces(chunk, request, count, blockRows).iterator())
        .groupByKey(new HashPartitioner(blocks))
        .map(
            block -> {
              int first = block._1() * blockRows;
              return join(block._1(), Math.min(blockRows, count - first), block._2());
            });
  }

  /**
   * A part of a block.
   *
   * @param place of its first row in the block
   * @param rows images
   */
  private record Piece(int place, int rows, PackedFloats values) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  private static List<Tuple2<Integer, Piece>> pieces(
      FeatureChunk chunk, int request, int count, int blockRows) {
    int width = chunk.width(request);
    int end = chunk.among(count);
    List<Tuple2<Integer, Piece>> pieces = new ArrayList<>();
    int row = 0;
    while (row < end) {
      long image = chunk.first() + row;
      int place = (int) (image % blockRows);
      int rows = Math.min(blockRows - place, end - row);
      float[] values =
          Arrays.copyOfRange(chunk.values()[request], row * width, (row + rows) * width);
      pieces.add(
          new Tuple2<>((int) (image / blockRows), new Piece(place, rows, PackedFloats.of(values))));
      row += rows;
    }
    return pieces;
  }

  private static FeatureBlock join(int number, int rows, Iterable<Piece> pieces) {
    float[] values = null;
    int width = 0;
    for (Piece piece : pieces) {
      float[] some = piece.values().unpack();
      if (values == null) {
        width = some.length / piece.rows();
        values = new float[rows * width];
      }
      System.arraycopy(some, 0, values, piece.place() * width, some.length);
    }
    return new FeatureBlock(number, rows, values);
  }

  int width() {
    return values.length / rows;
  }

  /**
   * Cuts it.
   *
   * @param most pieces of a whole block, by which they are numbered over all blocks
   * @param pieceRows rows of every piece but the last
   */
  List<FeatureBlock> cut(int most, int pieceRows) {
    List<FeatureBlock> cut = new ArrayList<>();
    for (int from = 0; from < rows; from += pieceRows) {
      int to = Math.min(rows, from + pieceRows);
      float[] piece = Arrays.copyOfRange(values, from * width(), to * width());
      cut.add(new FeatureBlock(number * most + cut.size(), to - from, piece));
    }
    return cut;
  }

  private Object writeReplace() {
    return new Packed(number, rows, PackedFloats.of(values));
  }

  private record Packed(int number, int rows, PackedFloats values) implements Serializable {
    private static final long serialVersionUID = 1L;

    private Object readResolve() {
      return new FeatureBlock(number, rows, values.unpack());
    }
  }
}

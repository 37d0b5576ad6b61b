package dev.ect.model.engine;

import java.util.Arrays;

/** Attention of {@link ReferenceEngine}. */
final class ReferenceAttention {
  private static final int Q = 0;
  private static final int K = 1;
  private static final int V = 2;

  private final ReferenceTensor qkv;
  private final int heads;
  private final int width;
  private final int positions;
  private final double root;

  ReferenceAttention(ReferenceTensor qkv, int heads) {
    this.qkv = qkv;
    this.heads = heads;
    width = qkv.dim(1) / 3 / heads;
    positions = qkv.dim(2) * qkv.dim(3);
    root = Math.sqrt(width);
  }

  private int blocks() {
    return qkv.dim(0) * heads;
  }

  /** Where a channel of a head begins in qkv; a block is an image's head. */
  private int in(int block, int c, int part) {
    return ((block * width + c) * 3 + part) * positions;
  }

  private int out(int block, int c) {
    return (block * width + c) * positions;
  }

  /** {@code [N*heads, positions, positions]}: softmax over the last axis. */
  ReferenceTensor weights() {
    ReferenceTensor weights = new ReferenceTensor(qkv.engine, blocks(), positions, positions);
    double[] row = new double[positions];
    for (int block = 0; block < blocks(); block++) {
      for (int q = 0; q < positions; q++) {
        Arrays.fill(row, 0);
        for (int c = 0; c < width; c++) {
          double value = qkv.get(in(block, c, Q) + q) / root;
          for (int k = 0; k < positions; k++) {
            row[k] += value * qkv.get(in(block, c, K) + k);
          }
        }
        double largest = Arrays.stream(row).max().orElseThrow();
        double sum = 0;
        for (int k = 0; k < positions; k++) {
          row[k] = Math.exp(row[k] - largest);
          sum += row[k];
        }
        for (int k = 0; k < positions; k++) {
          weights.set((block * positions + q) * positions + k, row[k] / sum);
        }
      }
    }
    return weights;
  }

  ReferenceTensor output(ReferenceTensor weights, long[] shape) {
    ReferenceTensor y = new ReferenceTensor(qkv.engine, shape);
    for (int block = 0; block < blocks(); block++) {
      for (int c = 0; c < width; c++) {
        for (int q = 0; q < positions; q++) {
          double sum = 0;
          for (int k = 0; k < positions; k++) {
            sum +=
                weights.get((block * positions + q) * positions + k) * qkv.get(in(block, c, V) + k);
          }
          y.set(out(block, c) + q, sum);
        }
      }
    }
    return y;
  }

  ReferenceTensor backward(ReferenceTensor gy, ReferenceTensor weights) {
    ReferenceTensor g = new ReferenceTensor(qkv.engine, qkv.shape());
    double[] score = new double[positions];
    for (int block = 0; block < blocks(); block++) {
      for (int q = 0; q < positions; q++) {
        int row = (block * positions + q) * positions;
        Arrays.fill(score, 0);
        for (int c = 0; c < width; c++) {
          double gradient = gy.get(out(block, c) + q);
          for (int k = 0; k < positions; k++) {
            score[k] += gradient * qkv.get(in(block, c, V) + k);
            g.add(in(block, c, V) + k, weights.get(row + k) * gradient);
          }
        }
        // softmax: the gradient of a score is w * (gw - sum of w * gw)
        double mean = 0;
        for (int k = 0; k < positions; k++) {
          mean += weights.get(row + k) * score[k];
        }
        for (int k = 0; k < positions; k++) {
          score[k] = weights.get(row + k) * (score[k] - mean) / root;
        }
        for (int c = 0; c < width; c++) {
          double query = qkv.get(in(block, c, Q) + q);
          double sum = 0;
          for (int k = 0; k < positions; k++) {
            sum += score[k] * qkv.get(in(block, c, K) + k);
            g.add(in(block, c, K) + k, score[k] * query);
          }
          g.add(in(block, c, Q) + q, sum);
        }
      }
    }
    return g;
  }
}

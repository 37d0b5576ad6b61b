package dev.ect.model.engine.torch;

import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Small parts of calls into LibTorch. Its optional arguments must not be Java nulls. Everything
 * made here belongs to the innermost {@link Scope}.
 */
final class Native {
  static final ScalarType FLOAT = ScalarType.Float;
  static final ScalarType BFLOAT16 = ScalarType.BFloat16;
  static final ScalarType DOUBLE = ScalarType.Double;

  private Native() {}

  static TensorOptional some(Tensor t) {
    return new TensorOptional(t);
  }

  /** An absent argument where t is null. */
  static TensorOptional optional(Tensor t) {
    return t == null ? new TensorOptional() : new TensorOptional(t);
  }

  /** Which of three gradients are wanted. */
  static BoolPointer mask(boolean first, boolean second, boolean third) {
    return new BoolPointer(3).put(0, first).put(1, second).put(2, third);
  }

  /** t itself if it has the type. */
  static Tensor as(ScalarType type, Tensor t) {
    return t.scalar_type().value == type.value ? t : t.to(type);
  }

  static Tensor asFloat(Tensor t) {
    return as(FLOAT, t);
  }

  /** t in the type of another tensor. */
  static Tensor like(Tensor other, Tensor t) {
    return t.scalar_type().value == other.scalar_type().value ? t : t.to(other.scalar_type());
  }

  /** The sum over some axes, in the given type. */
  static Tensor sum(Tensor t, ScalarType type, long... axes) {
    return torch.sum(t, axes, false, new ScalarTypeOptional(type));
  }
}

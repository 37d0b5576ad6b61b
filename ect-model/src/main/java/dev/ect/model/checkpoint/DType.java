package dev.ect.model.checkpoint;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Element types, by the names of the safetensors format. All are little-endian. */
public enum DType {
  F64(8),
  I64(8),
  U64(8),
  F32(4),
  I32(4),
  U32(4),
  F16(2),
  BF16(2),
  I16(2),
  U16(2),
  I8(1),
  U8(1),
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of an element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are floating-point numbers, which can be read as float. */
  public boolean isFloating() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  /** Reads the next element of a floating type. */
  public double floating(ByteBuffer littleEndian) {
    return switch (this) {
      case F64 -> littleEndian.getDouble();
      case F32 -> littleEndian.getFloat();
      case BF16 -> Float.intBitsToFloat(littleEndian.getShort() << 16);
      case F16 -> half(littleEndian.getShort());
      default -> throw new IllegalStateException(this + " is not floating");
    };
  }

  /** Reads elements of a floating type as float: F64 rounded, the others exactly. */
  public void widen(ByteBuffer littleEndian, int count, FloatBuffer into) {
    if (this == F32) {
      into.put(littleEndian.asFloatBuffer().limit(count));
      littleEndian.position(littleEndian.position() + count * Float.BYTES);
    } else {
      for (int i = 0; i < count; i++) {
        into.put((float) floating(littleEndian));
      }
    }
  }

  /** Reads the next element of another type; U64 from 2^63 on comes out negative. */
  public long integer(ByteBuffer littleEndian) {
    return switch (this) {
      case I64, U64 -> littleEndian.getLong();
      case I32 -> littleEndian.getInt();
      case U32 -> Integer.toUnsignedLong(littleEndian.getInt());
      case I16 -> littleEndian.getShort();
      case U16 -> Short.toUnsignedLong(littleEndian.getShort());
      case I8 -> littleEndian.get();
      case U8, BOOL -> Byte.toUnsignedLong(littleEndian.get());
      default -> throw new IllegalStateException(this + " is floating");
    };
  }

  /** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    int sign = bits & 0x8000;
    if (exponent == 0x1F) {
      return Float.intBitsToFloat(sign << 16 | 0x7F800000 | fraction << 13);
    }
    float magnitude =
        exponent == 0 ? fraction * 0x1p-24f : Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
    return sign == 0 ? magnitude : -magnitude;
  }
}

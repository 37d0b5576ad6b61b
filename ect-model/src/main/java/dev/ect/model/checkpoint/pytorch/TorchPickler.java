package dev.ect.model.checkpoint.pytorch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * The pickle inside a file of torch.save, protocol 2 without a memo: of the opcodes, only such as
 * torch.load's {@code weights_only} allows.
 */
final class TorchPickler {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<PyTorchWriter.Tensor> tensors = new ArrayList<>();

  /** Pickles an object, once. */
  byte[] pickle(Object root) {
    out.write(0x80);
    out.write(2);
    write(root);
    out.write('.');
    return out.toByteArray();
  }

  /** The tensors met, by the number that is their storage's key. */
  List<PyTorchWriter.Tensor> tensors() {
    return Collections.unmodifiableList(tensors);
  }

  private void write(Object value) {
    if (value == null) {
      out.write('N');
    } else if (value instanceof Boolean bool) {
      out.write(bool ? 0x88 : 0x89);
    } else if (value instanceof Integer || value instanceof Long) {
      number(((Number) value).longValue());
    } else if (value instanceof Double || value instanceof Float) {
      out.write('G');
      out.writeBytes(
          ByteBuffer.allocate(Double.BYTES).putDouble(((Number) value).doubleValue()).array());
    } else if (value instanceof String text) {
      text(text);
    } else if (value instanceof List<?> list) {
      out.write(']');
      out.write('(');
      list.forEach(this::write);
      out.write('e');
    } else if (value instanceof Map<?, ?> map) {
      dict(map);
    } else if (value instanceof PyTorchWriter.Annotated annotated) {
      orderedDict();
      entries(annotated.dict());
      dict(annotated.attributes());
      out.write('b');
    } else if (value instanceof PyTorchWriter.Tensor tensor) {
      tensor(tensor);
    } else {
      throw new IllegalArgumentException(
          "a torch.save file of a "
              + value.getClass().getName()
              + "; expected maps, lists, texts, numbers, booleans, null and tensors");
    }
  }

  private void dict(Map<?, ?> map) {
    if (!map.isEmpty()
        && map.values().stream().allMatch(each -> each instanceof PyTorchWriter.Tensor)) {
      orderedDict();
    } else {
      out.write('}');
    }
    entries(map);
  }

  private void entries(Map<?, ?> map) {
    out.write('(');
    map.forEach(
        (key, value) -> {
          if (!(key instanceof String || key instanceof Integer || key instanceof Long)) {
            throw new IllegalArgumentException("a key " + key + "; expected a text or an integer");
          }
          write(key);
          write(value);
        });
    out.write('u');
  }

  /** Without entries. */
  private void orderedDict() {
    global("collections", "OrderedDict");
    out.write(')');
    out.write('R');
  }

  /** {@code _rebuild_tensor_v2(storage, 0, shape, strides, requires_grad, backward_hooks)}. */
  private void tensor(PyTorchWriter.Tensor tensor) {
    global("torch._utils", "_rebuild_tensor_v2");
    out.write('(');
    out.write('(');
    text("storage");
    global("torch", tensor.storageType());
    text(Integer.toString(tensors.size()));
    text("cpu");
    number(tensor.elements());
    out.write('t');
    out.write('Q');
    number(0);
    long[] shape = tensor.shape();
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(shape[i], 1);
    }
    tuple(shape);
    tuple(strides);
    out.write(0x89);
    orderedDict();
    out.write('t');
    out.write('R');
    tensors.add(tensor);
  }

  private void tuple(long[] numbers) {
    if (numbers.length == 0) {
      out.write(')');
      return;
    }
    out.write('(');
    for (long number : numbers) {
      number(number);
    }
    out.write('t');
  }

  private void global(String module, String name) {
    out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  private void text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.write('X');
    out.writeBytes(little(Integer.BYTES).putInt(utf8.length).array());
    out.writeBytes(utf8);
  }

  private void number(long number) {
    if (number >= 0 && number <= 0xFF) {
      out.write('K');
      out.write((int) number);
    } else if (number == (int) number) {
      out.write('J');
      out.writeBytes(little(Integer.BYTES).putInt((int) number).array());
    } else {
      out.write(0x8a);
      out.write(Long.BYTES);
      out.writeBytes(little(Long.BYTES).putLong(number).array());
    }
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}

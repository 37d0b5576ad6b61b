package dev.ect.model.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The header of a .npy file: eight bytes of magic and version, the length, and a Python dictionary
 * as text (numpy.lib.format, versions 1 to 3).
 *
 * @param type NumPy's descr, like {@code <f8}; a list, as it stands, for records
 * @param fortranOrder whether the first axis moves fastest
 * @param shape sizes of the axes
 */
record NpyHeader(String type, boolean fortranOrder, List<Integer> shape) {
  static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** Bytes before the length. */
  static final int START = MAGIC.length + 2;

  private static final int ALIGNMENT = 64;
  private static final Pattern PAIR =
      Pattern.compile(
          "\\G\\s*'(\\w+)'\\s*:\\s*('[^']*'|True|False|\\([\\dL,\\s]*\\)|\\[[^\\]]*\\])\\s*(?:,|(?=\\}))");
  private static final Pattern AXIS = Pattern.compile("(\\d{1,10})L?");

  /**
   * Reads the dictionary.
   *
   * @throws IllegalArgumentException with what is wrong with it
   */
  static NpyHeader parse(byte[] text, boolean utf8) {
    String dictionary =
        new String(text, utf8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1).strip();
    Map<String, String> values = new HashMap<>();
    int end = 1;
    Matcher pair = PAIR.matcher(dictionary);
    if (dictionary.startsWith("{")) {
      pair.region(1, dictionary.length());
      while (pair.find()) {
        values.put(pair.group(1), pair.group(2));
        end = pair.end();
      }
    }
    String type = values.get("descr");
    String order = values.get("fortran_order");
    String shape = values.get("shape");
    if (!dictionary.substring(Math.min(end, dictionary.length())).strip().equals("}")
        || values.size() != 3
        || type == null
        || order == null
        || !(order.equals("True") || order.equals("False"))
        || shape == null
        || !shape.startsWith("(")) {
      throw new IllegalArgumentException(
          "has a header that is no dictionary of descr, fortran_order and shape");
    }
    return new NpyHeader(
        type.startsWith("'") ? type.substring(1, type.length() - 1) : type,
        order.equals("True"),
        axes(shape.substring(1, shape.length() - 1)));
  }

  private static List<Integer> axes(String text) {
    List<Integer> shape = new ArrayList<>();
    // A tuple may end in a comma, and one of a single size does.
    String list = text.strip().replaceFirst(",$", "");
    for (String axis : list.isEmpty() ? new String[0] : list.split(",", -1)) {
      Matcher number = AXIS.matcher(axis.strip());
      if (!number.matches() || Long.parseLong(number.group(1)) > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("has the shape (" + text + "); expected sizes of axes");
      }
      shape.add(Integer.parseInt(number.group(1)));
    }
    return List.copyOf(shape);
  }

  /** Number of elements, or Long.MAX_VALUE if it is more than that. */
  long elements() {
    if (shape.contains(0)) {
      return 0;
    }
    long elements = 1;
    for (int axis : shape) {
      if (elements > Long.MAX_VALUE / axis) {
        return Long.MAX_VALUE;
      }
      elements *= axis;
    }
    return elements;
  }

  /** The place in row-major order of the file's k-th element. */
  int place(int k) {
    if (!fortranOrder || shape.size() < 2) {
      return k;
    }
    int place = 0;
    int rest = k;
    int stride = (int) elements();
    for (int axis : shape) {
      stride /= axis;
      place += rest % axis * stride;
      rest /= axis;
    }
    return place;
  }

  /** The file's start up to the elements, as NumPy itself writes it (version 1). */
  byte[] bytes() {
    String sizes =
        shape.size() == 1
            ? shape.get(0) + ","
            : shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
    String dictionary =
        "{'descr': '"
            + type
            + "', 'fortran_order': "
            + (fortranOrder ? "True" : "False")
            + ", 'shape': ("
            + sizes
            + "), }";
    int unpadded = START + Short.BYTES + dictionary.length() + 1;
    int padding = Math.floorMod(-unpadded, ALIGNMENT);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(MAGIC);
    out.write(1);
    out.write(0);
    out.writeBytes(
        ByteBuffer.allocate(Short.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) (dictionary.length() + padding + 1))
            .array());
    out.writeBytes((dictionary + " ".repeat(padding) + "\n").getBytes(StandardCharsets.ISO_8859_1));
    return out.toByteArray();
  }
}

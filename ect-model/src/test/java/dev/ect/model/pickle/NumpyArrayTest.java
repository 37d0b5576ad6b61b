package dev.ect.model.pickle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files in test resources pickles/ were written by NumPy 1.24. */
class NumpyArrayTest {
  private static NumpyArray array(int protocol, String name) throws IOException {
    Map<?, ?> arrays = assertInstanceOf(Map.class, UnpicklerTest.values(protocol).get("numpy"));
    assertTrue(NumpyArray.isOne(arrays.get(name)));
    return NumpyArray.of("x.pkl", arrays.get(name));
  }

  private static void assertArray(
      NumpyArray array, String dtype, List<Long> shape, double... values) throws IOException {
    assertEquals(dtype, array.dtype());
    assertEquals(shape, array.shape());
    assertArrayEquals(values, array.doubles());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void readsArraysOfEveryProtocol(int protocol) throws IOException {
    assertArray(array(protocol, "c"), "<f4", List.of(2L, 3L), 0, 1, 2, 3, 4, 5);
    assertArray(array(protocol, "big"), ">i8", List.of(3L), 1, -2, 3);
    assertArray(array(protocol, "u1"), "|u1", List.of(2L, 2L), 0, 127, 128, 255);
    assertArray(array(protocol, "bool"), "|b1", List.of(2L), 1, 0);
    assertArray(array(protocol, "zero"), "<f8", List.of(), 2.5);
    assertArray(array(protocol, "empty"), "<f4", List.of(0L, 3L));
    NumpyArray fortran = array(protocol, "f");
    assertEquals(true, fortran.fortranOrder());
    assertArray(
        fortran, "<f8", List.of(2L, 3L, 4L), IntStream.range(0, 24).asDoubleStream().toArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void readsScalarsOfEveryProtocol(int protocol) throws IOException {
    assertArray(array(protocol, "f8"), "<f8", List.of(), 0.1);
    assertArray(array(protocol, "i4"), "<i4", List.of(), -5);
  }

  /** As in CIFAR-10's data_batch files, which Python 2 wrote. */
  private static Pickles python2(String data) {
    return new Pickles()
        .put("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\u0000tU\u0001btR")
        .put("(K\u0001(K\u0002K\u0003tcnumpy\ndtype\n(U\u0002u1K\u0000K\u0001tR")
        .put("(K\u0003U\u0001|NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\u0000tb\u0089")
        .put(data + "tb");
  }

  @Test
  void readsArraysOfPython2() throws IOException {
    NumpyArray array =
        NumpyArray.of("x", python2("U\u0006\u0000\u0001\u0080\u00ff\u0004\u0005").read());
    assertArray(array, "|u1", List.of(2L, 3L), 0, 1, 128, 255, 4, 5);
    assertEquals(6, array.data().length());
    assertArray(
        NumpyArray.of("x", python2("T\u0006\u0000\u0000\u0000012345").read()),
        "|u1",
        List.of(2L, 3L),
        '0',
        '1',
        '2',
        '3',
        '4',
        '5');
  }

  @Test
  void refusesDataThatDoesNotFitTheShape() throws IOException {
    Object array = python2("U\u000501234").read();
    BadFileException e = assertThrows(BadFileException.class, () -> NumpyArray.of("x.pkl", array));
    assertEquals(
        "x.pkl: holds a NumPy array |u1 of shape [2, 3] with 5 bytes; expected 6", e.getMessage());
  }

  @Test
  void refusesWhatIsNoArrayOfNumbers() throws IOException {
    Map<?, ?> arrays = assertInstanceOf(Map.class, UnpicklerTest.values(4).get("numpy"));
    BadFileException objects =
        assertThrows(BadFileException.class, () -> NumpyArray.of("x", arrays.get("object")));
    assertEquals(
        "x: holds a NumPy array of dtype O8; expected numbers, not objects or records",
        objects.getMessage());
    BadFileException list =
        assertThrows(BadFileException.class, () -> NumpyArray.of("x", List.of()));
    assertEquals("x: holds a list where a NumPy array or scalar is expected", list.getMessage());
    assertEquals(false, NumpyArray.isOne(UnpicklerTest.values(4).get("ordered")));
  }
}
